// The setting `python.defaultInterpreterPath`, as Microsoft's Python extension understands it.
// Knows nothing of VS Code.
import { isAbsolute, join } from "node:path";
import { expandHome } from "./locate";

/** Return the full path that the setting means; undefined where it is a bare name, or empty. */
export function interpreterPath(
  value: string,
  folder: string | undefined,
  environ: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = value
    .trim()
    .replace(/\$\{workspace(?:Folder|Root)\}/g, folder ?? "")
    .replace(/\$\{env:(\w+)\}/g, (_, name: string) => environ[name] ?? "");
  const full = expandHome(path);
  if (isAbsolute(full)) {
    return full;
  }
  return folder !== undefined && /[\\/]/.test(full) ? join(folder, full) : undefined;
}
