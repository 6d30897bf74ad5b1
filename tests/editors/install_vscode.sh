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

# anew where this script has changed since
[ "$(cat "$dir/complete" 2>/dev/null)" = "$(cksum <"$0")" ] && exit 0
cd "$dir"
rm -rf complete node_modules python vscode package.json package-lock.json
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
# compiled code that writes the logs: without it there would be nothing in the Output panel
cat >node_modules/@vscode/spdlog/index.js <<'END'
const { appendFileSync, mkdirSync } = require("fs");
const { dirname } = require("path");
const LEVELS = ["trace", "debug", "info", "warn", "error", "critical"];
class Logger {
  constructor(type, name, file) {
    mkdirSync(dirname(file), { recursive: true });
    Object.assign(this, { file, level: 2 });
    for (const [level, name] of LEVELS.entries()) {
      this[name] = (words) => level >= this.level && this.write(`${new Date().toISOString()} [${name}] ${words}\n`);
    }
  }
  write(line) {
    appendFileSync(this.file, line);
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
}
for (const name of ["clearFormatters", "setPattern", "flush", "drop", "setAsyncMode"]) {
  Logger.prototype[name] = () => {};
}
exports.Logger = Logger;
exports.createRotatingLogger = async (name, file) => new Logger("rotating", name, file);
exports.createAsyncRotatingLogger = exports.createRotatingLogger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
END
rm -rf node_modules/@github node_modules/@microsoft/mxc-sdk extensions/copilot extensions/mermaid-markdown-features
cd ..
"${PYTHON:-python3}" -m pip install -q --disable-pip-version-check --target python playwright==1.65.2
cksum <"$here/install_vscode.sh" >complete
