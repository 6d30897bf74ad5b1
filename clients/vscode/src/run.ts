// Runs a program to its end, line by line; whoever stops it stops all that it has started.
// Knows nothing of VS Code.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Milliseconds that a program has to end by itself once it was told to. */
const GRACE = 3000;

export interface Ended {
  /** Null where it was ended by a signal, or could not be started. */
  readonly code: number | null;
  /** The last lines of what it said, standard error included. */
  readonly said: readonly string[];
}

const KEPT = 50;

/** Run a program. It never rejects: what cannot be started has said why. */
export async function run(
  command: readonly [string, ...string[]],
  folder: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<Ended> {
  const [program, ...rest] = command;
  const said: string[] = [];
  const hear = (line: string) => {
    said.push(line);
    said.splice(0, said.length - KEPT);
    onLine(line);
  };
  if (signal.aborted) {
    return { code: null, said };
  }
  const child = spawn(program, rest, {
    cwd: folder,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32", // a group of its own, to be ended as a whole
  });
  let timer: NodeJS.Timeout | undefined;
  const end = (name: NodeJS.Signals) => {
    try {
      process.kill(process.platform === "win32" ? child.pid! : -child.pid!, name);
    } catch {
      // it is gone already
    }
  };
  const stop = () => {
    end("SIGTERM");
    timer = setTimeout(() => end("SIGKILL"), GRACE);
  };
  const heard = [child.stdout, child.stderr].map((stream) => lines(stream, hear));
  const code = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      hear(error.message);
      resolve(null);
    });
    child.once("close", resolve);
  });
  if (child.pid !== undefined) {
    signal.addEventListener("abort", stop, { once: true });
  }
  try {
    const ended = await code;
    await Promise.all(heard);
    return { code: ended, said };
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}

/** Ours, without what would have Python or pip work on another environment than the one meant. */
function environment(): NodeJS.ProcessEnv {
  const left = /^(?:PYTHON(?:HOME|PATH)|VIRTUAL_ENV|CONDA_PREFIX|PIP_(?:TARGET|PREFIX|USER))$/;
  const kept = Object.entries(process.env).filter(([name]) => !left.test(name));
  return { ...Object.fromEntries(kept), PIP_NO_INPUT: "1", PIP_DISABLE_PIP_VERSION_CHECK: "1" };
}

function lines(input: Readable, onLine: (line: string) => void): Promise<void> {
  const reader = createInterface({ input, crlfDelay: Infinity, terminal: false });
  reader.on("line", onLine);
  return new Promise((resolve) => reader.once("close", resolve));
}
