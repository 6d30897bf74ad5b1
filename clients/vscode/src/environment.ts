// The server's own environment, in the extension's storage. Knows nothing of VS Code.
//
// Each one that is made has a folder of its own, and `current.json` names the one that counts: one
// that was broken off, or is made while another window's server runs from the last, harms nothing.
// Below `users` are the ids of the processes that need a folder; those of nobody are taken away.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isProgram } from "./locate";
import { run } from "./run";

const IS_WINDOWS = process.platform === "win32";
const BIN = IS_WINDOWS ? "Scripts" : "bin";
const CURRENT = "current.json";
const PREFIX = "server-";

/** What is to be installed. */
export interface Wanted {
  /** What pip is given, best first: the next one where the first has no build for this machine. */
  readonly requirements: readonly [string, ...string[]];
  /** Changes when there is something newer to install. */
  readonly identity: string;
}

/** Why there is no environment; `""`: the person has stopped it. */
export class Failure extends Error {}

interface Current {
  readonly folder: string;
  readonly identity: string;
}

/** Messages of pip when a machine cannot have a package, whatever the network does. */
const NO_BUILD =
  /no matching distribution|could not find a version|fail(?:ed|ure).*(?:build|wheel)/i;

export class OwnEnvironment {
  /** `storage` is a folder that only this extension writes to; it need not exist. */
  constructor(private readonly storage: string) {}

  /** The server's program; undefined where none was installed. */
  get program(): string | undefined {
    const current = this.current;
    const program = current && join(this.storage, current.folder, BIN, exe("festina"));
    return program !== undefined && isProgram(program) ? program : undefined;
  }

  /** Whether something else is wanted now than what was installed. */
  isOutdated(wanted: Wanted): boolean {
    return this.program !== undefined && this.current?.identity !== wanted.identity;
  }

  /** This process runs what is installed: it stays until the process has ended. */
  use(): void {
    const current = this.current;
    if (current !== undefined) {
      this.claim(join(this.storage, current.folder));
    }
  }

  /**
   * Install anew, beside what there is, and take it over once it runs.
   *
   * `say` is told what happens, in a few words; `log` all that the programs say.
   *
   * @throws Failure
   */
  async create(
    python: string,
    wanted: Wanted,
    say: (words: string) => void,
    log: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    mkdirSync(this.storage, { recursive: true });
    const folder = mkdtempSync(join(this.storage, PREFIX));
    this.claim(folder);
    const step = async (command: readonly [string, ...string[]]) => {
      log(command.join(" "));
      const ended = await run(command, this.storage, log, signal);
      if (signal.aborted) {
        throw new Failure("");
      }
      return ended;
    };
    try {
      say("making a Python environment");
      const made = await step([python, "-I", "-m", "venv", folder]);
      if (made.code !== 0) {
        throw new Failure(`${python} could not make an environment: ${last(made.said)}`);
      }
      await this.install(join(folder, BIN, exe("python")), wanted, step, say);
      const tried = await step([join(folder, BIN, exe("festina")), "--version"]);
      if (tried.code !== 0) {
        throw new Failure(`What was installed does not run: ${last(tried.said)}`);
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    this.current = { folder: folder.slice(this.storage.length + 1), identity: wanted.identity };
  }

  /** Take away what was installed; whether there was anything. Its server must have ended. */
  async remove(): Promise<boolean> {
    const had = this.current !== undefined;
    await rm(join(this.storage, CURRENT), { force: true });
    await Promise.all(this.folders().map((name) => this.delete(name)));
    return had;
  }

  /** Take away what nobody needs: older ones, and those that were broken off. */
  async sweep(): Promise<void> {
    const current = this.current?.folder;
    const idle = this.folders().filter((name) => name !== current && !this.isUsed(name));
    await Promise.all(idle.map((name) => this.delete(name)));
  }

  private async install(
    python: string,
    { requirements }: Wanted,
    step: (command: readonly [string, ...string[]]) => ReturnType<typeof run>,
    say: (words: string) => void,
  ): Promise<void> {
    const pip = [python, "-I", "-m", "pip", "install", "--progress-bar", "off"] as const;
    for (const [index, requirement] of requirements.entries()) {
      say("installing the server and what it needs: a minute or two");
      const { code, said } = await step([...pip, requirement]);
      if (code === 0) {
        return;
      }
      const isLast = index === requirements.length - 1;
      if (isLast || !said.some((line) => NO_BUILD.test(line))) {
        throw new Failure(`pip could not install it: ${last(said)}`);
      }
    }
  }

  private claim(folder: string): void {
    mkdirSync(join(folder, "users"), { recursive: true });
    writeFileSync(join(folder, "users", String(process.pid)), "");
  }

  private folders(): string[] {
    try {
      return readdirSync(this.storage).filter((name) => name.startsWith(PREFIX));
    } catch {
      return [];
    }
  }

  private isUsed(name: string): boolean {
    try {
      return readdirSync(join(this.storage, name, "users"))
        .map(Number)
        .some(isAlive);
    } catch {
      return false;
    }
  }

  private async delete(name: string): Promise<void> {
    await rm(join(this.storage, name), { recursive: true, force: true });
  }

  private get current(): Current | undefined {
    try {
      const read = JSON.parse(readFileSync(join(this.storage, CURRENT), "utf8")) as Current;
      return read.folder.startsWith(PREFIX) && !/[\\/]/.test(read.folder) ? read : undefined;
    } catch {
      return undefined;
    }
  }

  private set current(current: Current) {
    const next = join(this.storage, `${CURRENT}.${process.pid}`);
    writeFileSync(next, JSON.stringify(current));
    renameSync(next, join(this.storage, CURRENT));
  }
}

function exe(name: string): string {
  return IS_WINDOWS ? `${name}.exe` : name;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What pip calls an error, else the last thing that was said. */
function last(said: readonly string[]): string {
  const lines = said.map((line) => line.trim()).filter((line) => line !== "");
  const errors = lines.filter((line) => line.startsWith("ERROR:"));
  return (errors.at(-1) ?? lines.at(-1) ?? "it gave no reason")
    .replace(/^ERROR:\s*/, "")
    .slice(0, 300);
}
