#!/bin/sh
# Put a real VS Code into DIR: code-server (the workbench and its extension host) from npm, a Node.js for
# it, and Playwright to drive a browser.  usage: install_vscode.sh DIR
# The browser is the machine's Chromium; where there is none, Debian's is unpacked beside DIR. The
# machine needs neither Node.js nor root for it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
tools=$(dirname "$dir")

"$here/install_node.sh" "$tools/nodejs"
PATH="$tools/nodejs:$PATH"
if browser=$(command -v chromium); then
  ln -sfn "$browser" "$dir/chromium"
else
  "$here/install_debian.sh" "$tools/chromium" trixie chromium chromium fonts-dejavu-core
  ln -sfn ../chromium/chromium "$dir/chromium"
fi

[ -f "$dir/complete" ] && exit 0
cd "$dir"
rm -rf node_modules python vscode package.json package-lock.json
# no install scripts: what they would compile or download is not needed here
quiet="--no-audit --no-fund --loglevel=error --ignore-scripts"
echo '{"private": true}' > package.json
npm install $quiet --engine-strict=false code-server@4.139.1
ln -sfn ../nodejs/node node
ln -s node_modules/code-server/lib/vscode vscode
cd vscode
npm install $quiet --omit=dev
# compiled code that ends the extension host when its parent dies; the tests end the whole process group
echo 'exports.start = exports.exit = () => {};' > node_modules/@vscode/native-watchdog/index.js
rm -rf node_modules/@github node_modules/@microsoft/mxc-sdk extensions/copilot extensions/mermaid-markdown-features
cd ..
"${PYTHON:-python3}" -m pip install -q --disable-pip-version-check --target python playwright==1.65.2
touch complete
