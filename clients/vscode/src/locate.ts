// Finds the `festina` executable. Knows nothing of VS Code.
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, relative, sep } from "node:path";

/** Where to look. */
export interface Places {
  /** The user's setting `festina.server.path`; empty where there is none. */
  readonly configured: string;
  /** Interpreters, or folders of environments, that the person has selected, best liked first. */
  readonly interpreters: readonly string[];
  /** The environment variable `PATH`. */
  readonly path: string;
  /** The program of the environment that this extension has made; undefined where there is none. */
  readonly own: string | undefined;
  /** Folders whose programs must not be run: those of a workspace that is not trusted. */
  readonly distrusted: readonly string[];
}

/** An absolute path, or a sentence that says what is wrong and what to do. */
export type Located =
  | { readonly command: string; readonly isOwn: boolean }
  /** `isMissing`: there is none anywhere, so one can be installed. */
  | { readonly problem: string; readonly isMissing: boolean };

const IS_WINDOWS = process.platform === "win32";
const NAME = IS_WINDOWS ? "festina.exe" : "festina";
const BIN = IS_WINDOWS ? "Scripts" : "bin";

const INSTALL =
  "Install it here with one click, or yourself (pipx install 'festina[local,languages]'), or name " +
  "one in the setting festina.server.path.";

/**
 * Look in the setting, in the selected environments, on the PATH, where pipx and uv put what they
 * install, and last in the environment that this extension has made.
 */
export function locate(places: Places): Located {
  const configured = expandHome(places.configured.trim());
  if (configured !== "") {
    return isAbsolute(configured) && isProgram(configured)
      ? { command: configured, isOwn: false }
      : {
          problem:
            `festina.server.path is "${places.configured}", which is not the full path of a program. ` +
            "Correct the setting, or clear it to have festina looked for on the PATH.",
          isMissing: false,
        };
  }
  let passedOver: string | undefined;
  for (const file of programs(places)) {
    if (!places.distrusted.some((root) => belongsTo(file, root))) {
      return { command: file, isOwn: file === places.own };
    }
    passedOver ??= file;
  }
  return {
    problem:
      passedOver === undefined
        ? `There is no festina in the selected Python environment or on the PATH that VS Code has. ${INSTALL}`
        : `${passedOver} belongs to this workspace, which is not trusted, so it was not started. ` +
          "Trust the workspace, or install festina outside it.",
    isMissing: true,
  };
}

/** All there are, in the order in which they are wanted. */
function* programs({ interpreters, path, own }: Places): Generator<string> {
  const folders = [
    ...interpreters.flatMap(programFolders),
    ...path.split(delimiter),
    join(homedir(), ".local", "bin"),
  ];
  // what a relative entry means depends on the folder that we were started in
  const files = folders.filter((folder) => isAbsolute(folder)).map((folder) => join(folder, NAME));
  for (const file of own === undefined ? files : [...files, own]) {
    if (isProgram(file)) {
      yield file;
    }
  }
}

/** Where an environment has its programs: beside its interpreter, or in a folder below its own. */
function programFolders(interpreter: string): string[] {
  return isProgram(interpreter) ? [dirname(interpreter)] : [join(interpreter, BIN)];
}

/** A path with the home folder spelled out. */
export function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

/** Whether a program lies in a folder, by its name or through links. */
export function belongsTo(file: string, root: string): boolean {
  return isInside(file, root) || isInside(realPath(file), realPath(root));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isInside(file: string, root: string): boolean {
  const way = relative(root, file);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Whether a file can be run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
