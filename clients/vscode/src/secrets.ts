// Keys that were pasted into settings, where they would be kept in plain text and perhaps synced.
// Knows nothing of VS Code, and repeats no key.

/** How the keys of well-known providers begin. */
const KNOWN =
  /\b(?:sk-[\w-]{16,}|(?:gsk|csk|xai|hf|pplx|nvapi|fw|tgp)[_-][\w-]{16,}|AIza[\w-]{30,}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}|eyJ[\w-]{10,}\.[\w-]{10,}\.)/;
const RANDOM = /^(?:bearer\s+)?(?=[^\d]*\d)(?=.*[A-Za-z])[A-Za-z0-9+=_]{24,}$/i;
const IN_AN_ADDRESS = /^https?:\/\/(?:[^/?#]*@|.*[?&#](?:[\w-]*key|[\w-]*token|auth)=)/i;
const VARIABLE = /^[A-Za-z_]\w*$/;
/** Paths and names: long words in them are hashes. */
const NO_KEY_EXPECTED = /^festina\.(?:server|verify|context|repair|presets)\b/;

/**
 * Return the settings whose values hold what looks like a key, by their full names.
 *
 * `settings` has all that is set below `festina`, known to the manifest or not.
 */
export function pasted(settings: Iterable<readonly [name: string, value: unknown]>): string[] {
  const found = new Set<string>();
  for (const [name, value] of settings) {
    if (texts(value).some((text) => isKey(name, text.trim()))) {
      found.add(name);
    }
  }
  return [...found].sort();
}

/** What is told of it; the value itself is left out. */
export function refusal(names: readonly string[]): string {
  const [first = "", ...rest] = names;
  const where = rest.length === 0 ? `The setting ${first} holds` : `${names.join(" and ")} hold`;
  return (
    `Festina: ${where} what looks like a key, so it is not used. Settings are plain text, and VS Code ` +
    "keeps copies of them: take it out there, revoke it, and enter a new one with Festina: Set API Key."
  );
}

function isKey(name: string, text: string): boolean {
  if (KNOWN.test(text) || IN_AN_ADDRESS.test(text)) {
    return true;
  }
  if (NO_KEY_EXPECTED.test(name)) {
    return false;
  }
  const isName = name.endsWith(".apiKeyEnv") && VARIABLE.test(text) && text === text.toUpperCase();
  return !isName && RANDOM.test(text);
}

/** All texts in a value, however deep. */
function texts(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}
