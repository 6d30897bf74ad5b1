// What the server's own environment is made of. Knows nothing of VS Code.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Wanted } from "./environment";

/**
 * Return what to install: what a setting says, else the wheel that came with this extension.
 *
 * The latter with the embedded model's engine and the readers of further languages, and without
 * them where this machine has no builds of those. Undefined where the extension carries no wheel:
 * a name alone would have pip take whatever has that name.
 */
export function wanted(setting: string, folder: string): Wanted | undefined {
  const said = setting.trim();
  if (said !== "") {
    return { requirements: [said], identity: said };
  }
  const name = wheels(folder)[0];
  if (name === undefined) {
    return undefined;
  }
  const wheel = join(folder, name);
  const hash = createHash("sha256").update(readFileSync(wheel)).digest("hex");
  return { requirements: [`${wheel}[local,languages]`, wheel], identity: `${name} ${hash}` };
}

function wheels(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^festina-.*\.whl$/.test(name));
  } catch {
    return [];
  }
}
