// What the server says beside the protocol: to the log, and its last words are kept.
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Told of a server that had run, where starting it anew was in vain. */
export const GIVEN_UP =
  "Festina's server has ended again and again, so it is not started any more. " +
  "The log has its last words.";

/** Remembers the last line with words in it, which is what a program that cannot start says. */
export class LastWords {
  private line = "";
  private ended: Promise<void> = Promise.resolve();

  /** The last line of all, waited for: a program's end can be noticed before its words are read. */
  async text(milliseconds = 2000): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    return this.line;
  }

  /** Read a stream to its end, handing on each line. */
  follow(input: Readable, onLine: (line: string) => void): void {
    const lines = createInterface({ input, crlfDelay: Infinity, terminal: false });
    lines.on("line", (line) => {
      this.line = line.trim() || this.line;
      onLine(line);
    });
    this.ended = new Promise((resolve) => lines.once("close", resolve));
  }
}

/** Two sentences for a person about a server that is still silent after so many seconds. */
export function notAnswering(command: string, seconds: number): string {
  return `Festina's server did not answer within ${seconds} seconds, so it was ended. It is ${command}.`;
}

/** One sentence for a person about a server that did not start. */
export function startFailure(command: string, said: string, error: unknown): string {
  const reason = said || (error instanceof Error ? error.message : String(error));
  return `Festina could not be started. ${command} said: ${reason.replace(/\s+/g, " ").slice(0, 300)}`;
}
