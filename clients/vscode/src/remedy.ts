// What can be done about an edit that failed, by the server's words for it. Knows nothing of VS Code.
import type { Way } from "./telling";

/**
 * Return what to offer, most likely first.
 *
 * The server names what is to be set as it stands in `config.toml`, for all editors alike.
 */
export function remedies(message: string): Way[] {
  if (/\bapi_key_\w+|\brefused the key\b/.test(message)) {
    return ["key", "settings"];
  }
  return /\bbase_url\b|\bmodels\.fast\b|\bmodel's settings\b/.test(message)
    ? ["settings", "log"]
    : ["log"];
}
