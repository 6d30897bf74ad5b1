// What is traced of the messages to and from the server. Knows nothing of VS Code.

interface Log {
  trace(message: string, ...more: unknown[]): void;
}

/** A log that is like another one, but that no trace writes any of some secrets into. */
export function withoutSecrets<T extends Log>(log: T, secrets: ReadonlySet<string>): T {
  const trace = (message: string, ...more: unknown[]) => {
    let clean = message;
    for (const secret of secrets) {
      clean = clean.replaceAll(secret, "(secret)");
    }
    log.trace(clean, ...more);
  };
  // a proxy of `log` itself may not give out another function than its own, where it is frozen
  return new Proxy({} as T, {
    get: (_, name) => (name === "trace" ? trace : (Reflect.get(log, name) as unknown)),
  });
}
