import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Failure, OwnEnvironment } from "../src/environment";
import { wanted } from "../src/packaged";
import { findPython } from "../src/pythons";

/** Behaves as Python does for `-m venv` and `-m pip install`; `plan` says what goes wrong. */
const PYTHON = `#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$FESTINA_CALLS"
case "$*" in
  *"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  *"-m pip"*"]")
    case $(cat "$FESTINA_PLAN") in
      no-build) echo "ERROR: No matching distribution found for xllamacpp" >&2; exit 1 ;;
      no-network) echo "ERROR: Could not reach the index" >&2; exit 1 ;;
      slow) sleep 60 & echo $! > "$FESTINA_CHILD"; wait ;;
      broken) printf '#!/bin/sh\\necho no room; exit 1\\n' > "$here/festina" ;;
      *) printf '#!/bin/sh\\necho festina 1\\n' > "$here/festina" ;;
    esac
    chmod 755 "$here/festina" ;;
  *"-m pip"*) printf '#!/bin/sh\\necho festina 1\\n' > "$here/festina"; chmod 755 "$here/festina" ;;
  *"-c import sys"*) echo 3.12 ;;
esac
`;
const WANTED = { requirements: ["f.whl[local]", "f.whl"], identity: "one" } as const;
const NEWER = { ...WANTED, identity: "two" };

let folder: string;
let python: string;
let own: OwnEnvironment;

function plan(words: string): void {
  writeFileSync(join(folder, "plan"), words);
}
function create(what: typeof WANTED | typeof NEWER, signal = new AbortController().signal) {
  return own.create(
    python,
    what,
    () => undefined,
    () => undefined,
    signal,
  );
}
function folders(): string[] {
  return readdirSync(join(folder, "storage")).filter((name) => name.startsWith("server-"));
}
function script(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

describe("the server's own environment", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "festina-environment-"));
    python = script("python3", PYTHON);
    own = new OwnEnvironment(join(folder, "storage"));
    for (const name of ["calls", "plan", "child"]) {
      process.env[`FESTINA_${name.toUpperCase()}`] = join(folder, name);
    }
    plan("");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is there once it runs, and is known to a later window", async () => {
    assert.equal(own.program, undefined);
    assert.equal(own.isOutdated(WANTED), false);
    const said: string[] = [];
    const { signal } = new AbortController();
    await own.create(
      python,
      WANTED,
      (words) => said.push(words),
      () => undefined,
      signal,
    );
    assert.equal(said.length, 2);
    const later = new OwnEnvironment(join(folder, "storage"));
    assert.ok(later.program !== undefined && existsSync(later.program));
    assert.equal(later.isOutdated(WANTED), false);
    assert.equal(later.isOutdated(NEWER), true);
    assert.match(
      readFileSync(join(folder, "calls"), "utf8"),
      /-I -m pip install .*f\.whl\[local\]/,
    );
  });

  it("does without the model's engine where this machine has no build of it", async () => {
    plan("no-build");
    await create(WANTED);
    assert.match(readFileSync(join(folder, "calls"), "utf8"), /f\.whl\[local\]\n.* f\.whl\n/);
    assert.ok(own.program);
  });

  it("says why it could not be made, and leaves nothing", async () => {
    plan("no-network");
    const message = "pip could not install it: Could not reach the index";
    await assert.rejects(create(WANTED), new Failure(message));
    plan("broken");
    await assert.rejects(create(WANTED), /does not run: no room/);
    python = script("bad", "#!/bin/sh\necho no ensurepip; exit 1\n");
    await assert.rejects(create(WANTED), /could not make an environment: no ensurepip/);
    assert.deepEqual([folders(), own.program], [[], undefined]);
  });

  it("can be stopped, with all that was started for it", async () => {
    plan("slow");
    const control = new AbortController();
    const made = create(WANTED, control.signal);
    const child = join(folder, "child");
    while (!existsSync(child) || readFileSync(child, "utf8") === "") {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    control.abort();
    await assert.rejects(made, new Failure(""));
    await gone(Number(readFileSync(child, "utf8")));
    assert.deepEqual(folders(), []);
  });

  it("stays as it is when a newer one cannot be made, and while it is used", async () => {
    await create(WANTED);
    const first = own.program;
    plan("no-network");
    await assert.rejects(create(NEWER));
    assert.equal(own.program, first);

    plan("");
    await create(NEWER);
    assert.notEqual(own.program, first);
    await own.sweep();
    assert.equal(folders().length, 2); // this process made, and so used, both
    const [older = ""] = folders().filter((name) => first?.includes(name));
    const users = join(folder, "storage", older, "users");
    rmSync(join(users, String(process.pid)));
    writeFileSync(join(users, String(await deadPid())), "");
    await own.sweep();
    assert.equal(folders().length, 1);
    assert.ok(own.program);
  });

  it("can be taken away", async () => {
    assert.equal(await own.remove(), false);
    await create(WANTED);
    assert.equal(await own.remove(), true);
    assert.deepEqual([folders(), own.program], [[], undefined]);
  });

  it("is made of what a setting says, else of the wheel that came along, and of nothing else", () => {
    assert.equal(wanted("", join(folder, "nowhere")), undefined);
    assert.deepEqual(wanted(" festina==2 ", folder)?.requirements, ["festina==2"]);
    script("festina-1-py3-none-any.whl", "first");
    const first = wanted("", folder);
    const wheel = join(folder, "festina-1-py3-none-any.whl");
    assert.deepEqual(first?.requirements, [`${wheel}[local,languages]`, wheel]);
    script("festina-1-py3-none-any.whl", "second");
    assert.notEqual(wanted("", folder)?.identity, first?.identity);
  });
});

describe("a Python for it", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "festina-pythons-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const find = (where: Partial<Parameters<typeof findPython>[0]>) =>
    findPython(
      { interpreters: [], path: join(folder, "bin"), distrusted: [], ...where },
      folder,
      new AbortController().signal,
    );

  it("is the first that is new enough, can do it, and may be run", async () => {
    script("bin/python3.13", "#!/bin/sh\nexit 127\n");
    script("bin/python3.12", '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\necho 3.12\n');
    script("bin/python3.11", "#!/bin/sh\necho 3.8; exit 3\n");
    const good = script("bin/python3", "#!/bin/sh\necho 3.11\n");
    assert.deepEqual(await find({}), { python: good });
    const selected = script("env/bin/python", "#!/bin/sh\necho 3.12\n");
    assert.deepEqual(await find({ interpreters: [selected] }), { python: selected });
    const distrusted = [join(folder, "env")];
    assert.deepEqual(await find({ interpreters: [selected], distrusted }), { python: good });
  });

  it("is missed with a remedy", async () => {
    assert.match(JSON.stringify(await find({})), /3\.11 or newer, and none was found/);
    script("bin/python3", "#!/bin/sh\necho 3.8; exit 3\n");
    assert.match(JSON.stringify(await find({})), /python3 is Python 3\.8\./);
    script("bin/python", '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\necho 3.12\n');
    assert.match(JSON.stringify(await find({})), /apt install python3-venv/);
  });
});

/** Wait until a process has ended: a signal takes its time. */
async function gone(pid: number): Promise<void> {
  const isThere = () => {
    try {
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };
  for (let tries = 0; isThere(); tries++) {
    assert.ok(tries < 500, "it goes on");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn("true");
  await new Promise((resolve) => child.once("close", resolve));
  return child.pid ?? 0;
}
