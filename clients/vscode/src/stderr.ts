// What the server says beside the protocol: to the log, and its last words are kept.
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Remembers the last line with words in it, which is what a program that cannot start says. */
export class LastWords {
  private line = "";

  get text(): string {
    return this.line;
  }

  /** Read a stream to its end, handing on each line. */
  follow(input: Readable, onLine: (line: string) => void): void {
    createInterface({ input, crlfDelay: Infinity, terminal: false }).on("line", (line) => {
      this.line = line.trim() || this.line;
      onLine(line);
    });
  }
}

/** One sentence for a person about a server that did not start. */
export function startFailure(command: string, said: string, error: unknown): string {
  const reason = said || (error instanceof Error ? error.message : String(error));
  return `Festina could not be started. ${command} said: ${reason.replace(/\s+/g, " ").slice(0, 300)}`;
}
