// Builds the server's wheel into dist/, for the extension to carry. Needs Python 3.11 or newer with pip.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";

const NEWEST = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];
const PROBE = "import sys, pip; sys.exit(sys.version_info < (3, 11))";

const own = "../../.venv/bin/python";
const named = process.env.PYTHON
  ? [process.env.PYTHON]
  : [...(existsSync(own) ? [own] : []), ...NEWEST];
const python = named.find(
  (name) => spawnSync(name, ["-c", PROBE], { stdio: "ignore" }).status === 0,
);
if (python === undefined) {
  console.error(
    "Python 3.11 or newer with pip is needed to build the server; PYTHON=... names one.",
  );
  process.exit(1);
}
mkdirSync("dist", { recursive: true });
for (const name of readdirSync("dist").filter((each) => each.endsWith(".whl"))) {
  rmSync(`dist/${name}`); // a package has one server
}
const build = ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"];
const { status } = spawnSync(python, [...build, "--wheel-dir", "dist", "../.."], {
  stdio: "inherit",
});
process.exit(status ?? 1);
