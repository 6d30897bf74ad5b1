// Notices that nothing is answered any more. Knows nothing of VS Code.

/** Told of a server that is there and says nothing, to somebody who waits for it. */
export const SILENT =
  "Festina's server does not answer: it is stopped, or very busy. What was asked of it is done once " +
  "it answers again. “Restart Server” ends it and its edits, and starts another one.";

export class Silence {
  private waiting = 0;
  private isSilent = false;
  private isTold = false;

  /**
   * `milliseconds` is what any answer may take. `onChange` is called when one takes longer, and when
   * there is an answer again; `onAwaited` once in a silence, if a person waits for an answer.
   */
  constructor(
    private readonly milliseconds: number,
    private readonly onChange: (isSilent: boolean) => void,
    private readonly onAwaited: () => void,
  ) {}

  /** Whether an answer is waited for now. */
  get isWaiting(): boolean {
    return this.waiting > 0;
  }

  /** Wait for an answer, however long it takes. */
  async watch<T>(answer: Promise<T>, isAwaited = false): Promise<T> {
    this.waiting++;
    const timer = setTimeout(() => this.late(isAwaited), this.milliseconds);
    try {
      return await answer;
    } finally {
      this.waiting--;
      clearTimeout(timer);
      if (this.isSilent) {
        this.isSilent = this.isTold = false;
        this.onChange(false);
      }
    }
  }

  private late(isAwaited: boolean): void {
    if (!this.isSilent) {
      this.isSilent = true;
      this.onChange(true);
    }
    if (isAwaited && !this.isTold) {
      this.isTold = true;
      this.onAwaited();
    }
  }
}
