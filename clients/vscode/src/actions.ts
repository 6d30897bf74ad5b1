// The commands about edits, `festina.ui.*`: by key, lens, thread and palette alike.
import { commands, Selection, window, type Disposable, type TextEditor } from "vscode";
import { isApplied, reason } from "./applying";
import type { Diffs } from "./diffs";
import { Failures } from "./failures";
import { asked } from "./history";
import type { Instructions } from "./instruct";
import type { Only } from "./lens";
import { plain } from "./markup";
import { confirm, inform, warn } from "./notices";
import { pickHunks, pickVariation, type Look } from "./picker";
import { placeOf, unfit } from "./place";
import type { Preview } from "./preview";
import { choices, isRunning, type Proposal } from "./proposal";
import type { Proposals } from "./proposals";

/** What a command is about: the id of a proposal, a comment thread, or what is under the cursor. */
type About = string | object | undefined;

/**
 * A key is about what is under the cursor and nothing else. VS Code decides by what it last heard of
 * that whether a key is ours, and the cursor may have moved on since.
 */
const isKey = (about: unknown): boolean =>
  typeof about === "object" && about !== null && "at" in about && about.at === "cursor";

interface Answer {
  readonly ok?: boolean;
  readonly proposal?: string;
}

const APPLY = "Apply Anyway";
const COUNTS = [1, 4, 16, 75];

export class Actions implements Disposable {
  private readonly failures: Failures;
  private readonly parts: Disposable[];
  private looking: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly proposals: Proposals,
    private readonly preview: Preview,
    private readonly diffs: Diffs,
    private readonly instructions: Instructions,
    private readonly look: Look,
    private readonly ready: () => Promise<void>,
  ) {
    this.failures = new Failures(proposals, diffs);
    const on = (name: string, act: (proposal: Proposal, more: unknown) => Promise<void>) =>
      commands.registerCommand(`festina.ui.${name}`, async (about: About, more: unknown) => {
        const proposal = await this.meant(about);
        if (proposal !== undefined) {
          await act(proposal, more);
        } else if (name === "redirect" && isKey(about)) {
          await this.edit(); // which has the same key where no proposal is
        }
      });
    this.parts = [
      commands.registerCommand("festina.ui.edit", (about: About) => this.edit(isKey(about))),
      on("accept", (one) => this.accept(one)),
      on("acceptStep", (one) => this.acceptStep(one)),
      on("acceptUnverified", (one) => this.acceptUnverified(one)),
      on("dismiss", (one) => this.send(isRunning(one) ? "cancel" : "dismiss", one)),
      on("next", (one) => this.turn("next", one)),
      on("previous", (one) => this.turn("previous", one)),
      on("redirect", (one) => this.redirect(one)),
      on("again", (one) => this.send("redirect", one)),
      on("more", (one) => this.more(one)),
      on("variations", (one) => this.choose(one)),
      on("gallery", (one) => this.send("gallery", one)),
      on("hunks", (one, only) => this.hunks(one, only as Only | undefined)),
      on("diff", (one) => this.diffs.open(one)),
      on("failures", (one, index) =>
        this.failures.show(one, typeof index === "number" ? index : undefined),
      ),
      on("reveal", (one) => this.proposals.reveal(one)),
    ];
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }

  /** Ask what is to be done with the selected lines, and have it done. */
  private async edit(byKey = false): Promise<void> {
    const editor = window.activeTextEditor;
    const here = byKey ? this.here() : undefined;
    if (here !== undefined) {
      await this.redirect(here); // which has the same key where a proposal is
      return;
    }
    const why = unfit(placeOf(editor?.document));
    if (editor === undefined || why !== undefined) {
      say(why ?? "");
      return;
    }
    const { document } = editor;
    const comment = asked(document.getText(editor.selection).split(/\r?\n/));
    const title = `Festina: Edit ${place(editor)}`;
    const words = await this.instructions.ask(title, "What is to be done with them?", comment);
    if (words === undefined) {
      return;
    }
    await this.ready(); // the person has typed while the server started
    // what is selected by now: VS Code has kept it up with what was typed elsewhere
    const { start, end } = editor.selection;
    const range = {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    };
    const argument = { uri: document.uri.toString(), range, version: document.version };
    const answer = await run(
      "propose",
      words === "" ? argument : { ...argument, instruction: words },
    );
    if (answer?.proposal !== undefined) {
      editor.selection = new Selection(start, start); // a selection would hide the marks
    }
  }

  private async accept(proposal: Proposal): Promise<void> {
    if (isAcceptable(proposal)) {
      await this.apply(proposal, {});
    }
  }

  /** Accept the edits of all files of a plan's step at once: those that the person has seen. */
  private async acceptStep(proposal: Proposal): Promise<void> {
    if (proposal.beside.length === 0) {
      say(`the edit of ${proposal.name} has no others beside it. “Accept the Edit” accepts it.`);
    } else if (isAcceptable(proposal)) {
      const edits = this.proposals.live
        .filter(({ step, beside }) => step === proposal.step && beside.length > 0)
        .map((one) => ({ proposal: one.proposal, candidate: one.candidate }));
      await this.send("acceptStep", proposal, { edits });
    }
  }

  private async acceptUnverified(proposal: Proposal): Promise<void> {
    if (!proposal.apply_unverified) {
      say(
        proposal.state === "unverified"
          ? "the setting festina.applyUnverified, or apply_unverified in a festina.toml, is off: " +
              "no edit is applied that was not verified."
          : `the edit of ${proposal.name} is ${proposal.state}. This is for one that is unverified.`,
      );
      return;
    }
    const question = `Apply the edit of ${proposal.name} although it was not verified?`;
    if (await confirm(question, proposal.message, APPLY)) {
      const now = this.proposals.get(proposal.proposal);
      if (now !== undefined) {
        await this.apply(now, { unverified: true });
      }
    }
  }

  /** Have the server send the edit of the candidate that the person looks at. */
  private async apply(proposal: Proposal, more: object): Promise<void> {
    // one after the other: of two that are accepted at once, the first one is the first
    const looked = this.looking.then(() => reason(this.proposals, proposal));
    this.looking = looked.catch(() => undefined);
    const why = await looked;
    if (why !== "") {
      // where it is applied, the key was pressed twice, and the server has not told of the first yet
      if (!isApplied(this.proposals, proposal)) {
        void warn(`Festina: ${why}`);
      }
      return;
    }
    await this.send("accept", proposal, { candidate: proposal.candidate, ...more });
  }

  private async turn(way: "next" | "previous", proposal: Proposal): Promise<void> {
    if (choices(proposal).length > 1) {
      await this.send(way, proposal);
    } else {
      say("there is one variation. “Festina: More Variations” has more written.");
    }
  }

  private async redirect(proposal: Proposal): Promise<void> {
    const title = `Festina: Redirect the Edit of ${proposal.name}`;
    const instruction = await this.instructions.ask(title, "What is to be different?");
    if (instruction !== undefined && instruction !== "") {
      await this.send("redirect", proposal, { instruction });
    }
  }

  private async more(proposal: Proposal): Promise<void> {
    const items = COUNTS.map((count) => ({ label: String(count), count }));
    const placeHolder = "How many more variations? Each is verified";
    const chosen = await window.showQuickPick(items, { placeHolder });
    if (chosen !== undefined) {
      await this.send("variations", proposal, { count: chosen.count });
    }
  }

  private async choose(proposal: Proposal): Promise<void> {
    const { proposals, preview, look } = this;
    const candidate = await pickVariation(proposal, proposals, preview, look);
    if (candidate !== undefined && candidate !== proposals.get(proposal.proposal)?.candidate) {
      await this.send("next", proposal, { candidate });
    }
  }

  /** Accept some of the changes: `only` those of the lens that was clicked. */
  private async hunks(proposal: Proposal, only: Only | undefined): Promise<void> {
    if (!isAcceptable(proposal)) {
      return;
    }
    if (proposal.hunks.length < 2) {
      say(`the edit of ${proposal.name} is one change. “Festina: Accept the Edit” accepts it.`);
      return;
    }
    const hunks = only === undefined ? await pickHunks(proposal) : only.hunks;
    const seen = only?.candidate ?? proposal.candidate;
    const now = this.proposals.get(proposal.proposal);
    if (hunks === undefined || hunks.length === 0 || now === undefined) {
      return;
    }
    if (now.candidate !== seen || now.version !== proposal.version) {
      say("the edit has changed meanwhile. Choose again.");
      return;
    }
    await this.apply(now, { hunks });
  }

  private async send(command: string, { proposal }: Proposal, more: object = {}): Promise<void> {
    await run(command, { proposal, ...more });
  }

  /** The proposal that a command is about; a sentence where there is none. */
  private async meant(about: About): Promise<Proposal | undefined> {
    if (isKey(about)) {
      return this.here();
    }
    const id = typeof about === "string" ? about : about && this.preview.of(about);
    if (id !== undefined) {
      return this.proposals.get(id);
    }
    const editor = window.activeTextEditor;
    const all = editor === undefined ? [] : this.proposals.in(editor.document);
    const one = this.here() ?? (all.length === 1 ? all[0] : undefined);
    if (one !== undefined) {
      return one;
    }
    const items = this.proposals.live.map((one) => ({
      label: plain(one.name),
      description: one.state,
      detail: plain(one.instruction || one.message),
      one,
    }));
    if (items.length === 0) {
      say(
        "there is no edit. Select lines, and have one proposed by “Festina: Edit the Selected Lines”.",
      );
      return undefined;
    }
    return (await window.showQuickPick(items, { placeHolder: "Which edit?" }))?.one;
  }

  /** The proposal under the cursor, or that of the diff that is on show. */
  private here(): Proposal | undefined {
    const editor = window.activeTextEditor;
    return editor && (this.diffs.of(editor.document.uri) ?? this.proposals.at(editor));
  }
}

/** Run a command of the server. A refusal is shown where all of its answers come by. */
async function run(command: string, argument: object): Promise<Answer | undefined> {
  try {
    return await commands.executeCommand<Answer>(`festina.${command}`, argument);
  } catch {
    say(
      "its server is not running. “Festina: Restart Server” starts it; “Festina: Show Log” says more.",
    );
    return undefined;
  }
}

function place({ selection, document }: TextEditor): string {
  const { start, end, isEmpty } = selection;
  if (isEmpty) {
    return `the Definition at Line ${start.line + 1}`;
  }
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  const lines = Math.min(last, document.lineCount);
  return lines > start.line + 1 ? `Lines ${start.line + 1}-${lines}` : `Line ${start.line + 1}`;
}

/** Whether it has passed; a sentence where it has not. */
function isAcceptable(proposal: Proposal): boolean {
  if (proposal.state === "ready") {
    return true;
  }
  say(
    isRunning(proposal)
      ? `the edit of ${proposal.name} can be accepted once it has passed.`
      : `the edit of ${proposal.name} did not pass, so it cannot be accepted. ${proposal.message}`,
  );
  return false;
}

function say(words: string): void {
  void inform(`Festina: ${words}`);
}
