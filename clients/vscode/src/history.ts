// Instructions that were given before. Knows nothing of VS Code.

/** How many are remembered. */
const MOST = 50;

/** Put an instruction first; it is remembered once. */
export function remember(earlier: readonly string[], instruction: string): string[] {
  return [instruction, ...earlier.filter((one) => one !== instruction)].slice(0, MOST);
}

/** What to offer while something is typed: just that first, then what was said before. */
export function offered(earlier: readonly string[], typed: string): string[] {
  const words = typed.trim();
  const part = words.toLowerCase();
  const matching = earlier.filter((one) => one !== words && one.toLowerCase().includes(part));
  return words === "" ? matching : [words, ...matching];
}

/** What a `festina:` comment among some lines asks for; "" where there is none. */
export function asked(lines: readonly string[]): string {
  for (const line of lines) {
    const found = /(?:#|\/\/|\/\*|--|;)\s*festina:\s*(.*?)\s*(?:\*\/)?$/i.exec(line);
    if (found?.[1]) {
      return found[1];
    }
  }
  return "";
}
