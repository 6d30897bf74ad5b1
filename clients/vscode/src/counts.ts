// How many edits are on their way, and how many have passed. Knows nothing of VS Code.

/** What is counted of a proposal. */
export interface Counted {
  readonly proposal: string;
  readonly state: string;
  /** Empty where it is not known yet; an older server does not say it. */
  readonly model?: string;
  readonly progress?: { readonly tokens_per_second: number | null } | null;
}

/** The parameters of `festina/model`: which model would be asked. */
export interface Named {
  /** Empty where it is not known yet. */
  readonly model: string;
  /** Where it is, or is to be looked up; empty, too, where there is none. */
  readonly origin: string;
  /** Why it is that one, or what to do where there is none. */
  readonly message: string;
}

export interface Tally {
  /** The model that was last at work, until then the one that would be asked; else empty. */
  readonly model: string;
  /** What there is to say of the model while its name is not known. */
  readonly unnamed: string;
  /** Tokens a second of all that stream now, added up; 0 where nothing streams. */
  readonly speed: number;
  readonly pending: number;
  readonly passed: number;
}

const PENDING = new Set(["queued", "streaming", "parsed", "verifying"]);

export class Counts {
  private readonly live = new Map<string, Counted>();
  private model = "";
  private unnamed = "";

  /** A server has started, and has no proposals. `model` is what the settings name, if they do. */
  clear(model = ""): void {
    this.live.clear();
    this.model = model;
    this.unnamed = "";
  }

  /** The server says which model would be asked. */
  name({ model, origin, message }: Named): void {
    this.model = model;
    this.unnamed = model !== "" ? "" : origin !== "" ? `Model: one of ${origin}` : message;
  }

  /** Take the newest value of a proposal. */
  take(one: Counted): void {
    this.model = one.model || this.model;
    if (PENDING.has(one.state) || one.state === "ready") {
      this.live.set(one.proposal, one);
    } else {
      this.live.delete(one.proposal);
    }
  }

  /** The ids of those that are on their way. */
  get pending(): string[] {
    return [...this.live.values()]
      .filter(({ state }) => PENDING.has(state))
      .map(({ proposal }) => proposal);
  }

  get tally(): Tally {
    const streams = [...this.live.values()].filter(({ state }) => state === "streaming");
    const speeds = streams.map(({ progress }) => progress?.tokens_per_second ?? 0);
    const pending = this.pending.length;
    return {
      model: this.model,
      unnamed: this.model === "" ? this.unnamed : "",
      speed: Math.round(speeds.reduce((sum, speed) => sum + speed, 0)),
      pending,
      passed: this.live.size - pending,
    };
  }
}
