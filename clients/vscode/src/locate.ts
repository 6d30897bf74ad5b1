// Finds the `festina` executable. Knows nothing of VS Code.
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join, relative, sep } from "node:path";

/** Where to look. */
export interface Places {
  /** The user's setting `festina.server.path`; empty where there is none. */
  readonly configured: string;
  /** The environment variable `PATH`. */
  readonly path: string;
  /** Folders whose programs must not be run: those of a workspace that is not trusted. */
  readonly distrusted: readonly string[];
}

/** An absolute path, or a sentence that says what is wrong and what to do. */
export type Located = { readonly command: string } | { readonly problem: string };

const NAME = process.platform === "win32" ? "festina.exe" : "festina";

const INSTALL =
  "Install it (pipx install 'festina[local]'), or name it in the setting festina.server.path.";

/** Look in the setting, then on the PATH, then where pipx and uv put what they install. */
export function locate(places: Places): Located {
  const configured = expandHome(places.configured.trim());
  if (configured !== "") {
    return isAbsolute(configured) && isProgram(configured)
      ? { command: configured }
      : {
          problem:
            `festina.server.path is "${places.configured}", which is not the full path of a program. ` +
            "Correct the setting, or clear it to have festina looked for on the PATH.",
        };
  }
  let passedOver: string | undefined;
  for (const folder of [...places.path.split(delimiter), join(homedir(), ".local", "bin")]) {
    // what a relative entry means depends on the folder that we were started in
    const file = isAbsolute(folder) ? join(folder, NAME) : "";
    if (file === "" || !isProgram(file)) {
      continue;
    }
    if (!places.distrusted.some((root) => belongsTo(file, root))) {
      return { command: file };
    }
    passedOver ??= file;
  }
  return {
    problem:
      passedOver === undefined
        ? `There is no festina on the PATH that VS Code has. ${INSTALL}`
        : `${passedOver} belongs to this workspace, which is not trusted, so it was not started. ` +
          "Trust the workspace, or install festina outside it.",
  };
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

/** Whether a program lies in a folder, by its name or through links. */
function belongsTo(file: string, root: string): boolean {
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

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
