// Waits for what may never come. Knows nothing of VS Code.

/** It took too long. */
export class Late extends Error {}

/** It is not wanted any more. */
export class Abandoned extends Error {}

/**
 * Wait for some work, but not for ever. The work itself goes on; nobody hears of its end then.
 *
 * @throws Late after so many milliseconds
 * @throws Abandoned when the signal says so
 */
export async function within<T>(
  work: Promise<T>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let leave: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late("it did not come in time")), milliseconds);
    leave = () => reject(new Abandoned("it is not wanted any more"));
  });
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted) {
    leave();
  }
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  }
}
