// Whom a key may be for: what is offered when one is entered. Knows nothing of VS Code.
import { originOf } from "./origin";

/** Providers with an API that needs a key, as the server knows them; a test compares. */
export const PROVIDERS: readonly (readonly [title: string, baseUrl: string])[] = [
  ["Cerebras", "https://api.cerebras.ai/v1"],
  ["Groq", "https://api.groq.com/openai/v1"],
  ["OpenAI", "https://api.openai.com/v1"],
  ["OpenRouter", "https://openrouter.ai/api/v1"],
  ["Anthropic", "https://api.anthropic.com/v1"],
];

export interface Choice {
  readonly label: string;
  readonly description: string;
  readonly origin: string;
}

/**
 * Whom to offer: what is being typed, then what is configured, then the well-known ones.
 *
 * `kept` are the origins of the keys that there are.
 */
export function choices(
  typed: string,
  configured: readonly string[],
  kept: readonly string[],
): Choice[] {
  const found = new Map<string, Choice>();
  const add = (label: string, address: string) => {
    const origin = originOf(address);
    if (origin !== undefined && !found.has(origin)) {
      const has = kept.includes(origin) ? ", has a key" : "";
      found.set(origin, { label, description: `${origin}${has}`, origin });
    }
  };
  add("The address that you type", typed);
  for (const address of configured) {
    add("The model in your settings", address);
  }
  for (const [title, address] of PROVIDERS) {
    add(title, address);
  }
  for (const origin of kept) {
    add("Another one", origin);
  }
  return [...found.values()];
}

/** The list of origins with keys, after one was given a key or lost it. */
export function changed(kept: readonly string[], origin: string, has: boolean): string[] {
  const others = kept.filter((each) => each !== origin);
  return has ? [...others, origin].sort() : others;
}
