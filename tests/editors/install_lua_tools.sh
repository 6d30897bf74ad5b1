#!/bin/sh
# Put StyLua (from npm) and luacheck (from Debian) into DIR. The system is left alone, and no root is
# needed: packages are unpacked, never installed.
#   usage: install_lua_tools.sh DIR       then run DIR/stylua and DIR/luacheck
set -eu
dir=$1
[ -f "$dir/complete" ] && exit 0

fail() {
  echo "$0: $1" >&2
  exit 1
}
for tool in tar apt-get dpkg-deb; do
  command -v $tool >/dev/null || fail "there is no $tool here, which fetches the tools for Lua."
done
case $(uname -m) in
  x86_64) stylua=@johnnymorganz/stylua-bin-linux-x64@2.5.2 ;;
  aarch64) stylua=@johnnymorganz/stylua-bin-linux-arm64@2.5.2 ;;
  *) fail "there is no StyLua on npm for $(uname -m)." ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
if ! command -v npm >/dev/null; then
  "$here/install_node.sh" "$dir/../nodejs" || fail "there is no npm here, and none could be fetched."
  PATH=$dir/../nodejs:$PATH
fi
cd "$dir"
archive=$(npm pack --silent "$stylua") || fail "StyLua could not be fetched with npm."
tar -xzf "$archive"
ln -s "$(find package -name stylua -type f)" stylua
chmod +x stylua
rm "$archive"

# luacheck is written in Lua: with its libraries and an interpreter, from the machine's own suite
packages="lua-check lua-argparse lua-filesystem lua5.1 liblua5.1-0"
apt-get -qq download $packages >log 2>&1 || {
  apt-get -qq update >log 2>&1 || true # as root, on a machine whose lists are old
  apt-get -qq download $packages >log 2>&1 || fail "luacheck could not be fetched: $(tail -n 1 log)"
}
for archive in *.deb; do
  dpkg-deb -x "$archive" root
  rm "$archive"
done
libraries=$(dirname "$(find "$dir/root/usr/lib" -name 'liblua5.1.so.0' | head -n 1)")
modules=$(find "$dir/root/usr/lib" -path '*lua/5.1' -type d | head -n 1)
share=$dir/root/usr/share/lua/5.1
cat >luacheck <<END
#!/bin/sh
export LUA_PATH='$share/?.lua;$share/?/init.lua' LUA_CPATH='$modules/?.so'
export LD_LIBRARY_PATH='$libraries'
exec '$dir/root/usr/bin/lua5.1' '$dir/root/usr/bin/luacheck' "\$@"
END
chmod +x luacheck
./stylua --version >/dev/null || fail "StyLua does not run."
./luacheck --version >/dev/null || fail "luacheck does not run."
touch complete
