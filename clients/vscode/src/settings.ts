// What the server is told of VS Code's settings. Knows nothing of VS Code.
//
// Only what somebody has set is told: a default that the manifest shows would else count as the
// person's word, and go before the workspace's own festina.toml.

/** The manifest's settings, by their full names, as far as they matter here. */
export type Declared = Readonly<Record<string, { readonly scope?: string }>>;

/** Where VS Code has a value for a setting; what VS Code's `inspect` answers. */
export interface Values {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}
export type Inspect = (name: string) => Values | undefined;

/** In the shape of `[tool.festina]`. */
export interface Tables {
  [key: string]: unknown;
}

const OURS = "festina.server.";

/** Those that only the person may set: of the machine, whatever a workspace says. */
export function ofTheMachine(declared: Declared, inspect: Inspect): Tables {
  return tables(declared, true, (name) => inspect(name)?.globalValue);
}

/**
 * Those that a workspace may set as well, the nearest value of each.
 *
 * `restricted` are names that a workspace which is not trusted has no say in.
 */
export function ofTheWorkspace(
  declared: Declared,
  inspect: Inspect,
  restricted: ReadonlySet<string>,
): Tables {
  return tables(declared, false, (name) => {
    const values = inspect(name);
    return restricted.has(name)
      ? values?.globalValue
      : (values?.workspaceFolderValue ?? values?.workspaceValue ?? values?.globalValue);
  });
}

/** `festina.verify.onSave` as the server has it: `["verify", "on_save"]`. */
export function path(name: string): string[] {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return snake.split(".").slice(1);
}

function tables(declared: Declared, machine: boolean, value: (name: string) => unknown): Tables {
  const found: Tables = {};
  for (const [name, { scope }] of Object.entries(declared)) {
    if (name.startsWith(OURS) || (scope === "machine") !== machine) {
      continue;
    }
    const given = value(name);
    if (isSet(given)) {
      place(found, path(name), given);
    }
  }
  return found;
}

/** An empty box in the settings editor says nothing, and nor does the `null` that unsets a number. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function place(into: Tables, [first = "", ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    into[first] = value;
  } else {
    place((into[first] ??= {}) as Tables, rest, value);
  }
}
