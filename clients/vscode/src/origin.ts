// The origin of an address, as the server names it. Knows nothing of VS Code.

/** Scheme, host and port of a model's address; undefined where it is none that a key may be for. */
export function originOf(address: string): string | undefined {
  let url: URL;
  try {
    url = new URL(address.trim());
  } catch {
    return undefined;
  }
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return isWeb && url.username === "" && url.password === "" ? url.origin : undefined;
}
