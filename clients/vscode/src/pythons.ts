// Finds a Python that can make an environment for the server. Knows nothing of VS Code.
import { delimiter, isAbsolute, join } from "node:path";
import { belongsTo, isProgram } from "./locate";
import { run } from "./run";

const IS_WINDOWS = process.platform === "win32";
const NAMES = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];
const PROBE =
  "import sys\n" +
  "print('%d.%d' % sys.version_info[:2])\n" +
  "sys.exit(3 if sys.version_info < (3, 11) else 0)";
const PARTS = "import venv, ensurepip";
/** Milliseconds that a program which calls itself Python has to say which one it is. */
const PATIENCE = 15_000;

export type Found = { readonly python: string } | { readonly problem: string };

/** Where to look. */
export interface Where {
  /** Interpreters that the person has selected. */
  readonly interpreters: readonly string[];
  readonly path: string;
  /** Folders whose programs must not be run. */
  readonly distrusted: readonly string[];
}

/** Each candidate is tried: one of that name may exist and not run (pyenv's shims). */
export async function findPython(
  where: Where,
  folder: string,
  signal: AbortSignal,
): Promise<Found> {
  let tooOld: string | undefined;
  let incomplete: string | undefined;
  for (const python of candidates(where)) {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    const { code, said } = await run([python, "-I", "-c", PROBE], folder, ignore, patience);
    if (signal.aborted) {
      break;
    }
    if (code === 3) {
      tooOld ??= `${python} is Python ${said[0] ?? ""}`;
    } else if (code === 0) {
      const parts = await run([python, "-I", "-c", PARTS], folder, ignore, patience);
      if (parts.code === 0) {
        return { python };
      }
      incomplete ??= python;
    }
  }
  if (incomplete !== undefined) {
    return {
      problem:
        `${incomplete} cannot make virtual environments: parts of it are not installed. ` +
        "On Debian and Ubuntu, apt install python3-venv adds them.",
    };
  }
  const but = tooOld === undefined ? "none was found on the PATH that VS Code has" : tooOld;
  return { problem: `Festina needs Python 3.11 or newer, and ${but}. Install a newer one.` };
}

function* candidates({ interpreters, path, distrusted }: Where): Generator<string> {
  const seen = new Set<string>();
  const folders = path.split(delimiter).filter((each) => isAbsolute(each));
  const named = NAMES.flatMap((name) =>
    folders.map((each) => join(each, IS_WINDOWS ? `${name}.exe` : name)),
  );
  for (const file of [...interpreters, ...named]) {
    const isFit = isAbsolute(file) && isProgram(file) && !seen.has(file);
    if (isFit && !distrusted.some((root) => belongsTo(file, root))) {
      seen.add(file);
      yield file;
    }
  }
}

function ignore(): void {
  // what it says is in its end
}
