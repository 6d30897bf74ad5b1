// Shows a proposal in place: the lines that go are marked, and what comes stands right below them,
// between the lines. The document is not touched.
//
// A comment thread is the one thing that an extension can put between two lines in a released VS Code.
import {
  CommentMode,
  comments,
  CommentThreadCollapsibleState,
  CommentThreadState,
  MarkdownString,
  Range,
  TextEditorRevealType,
  Uri,
  window,
  type Comment,
  type CommentThread,
  type Disposable,
} from "vscode";
import { Marks } from "./marks";
import { body } from "./markup";
import { headline, isRunning, ordinal, shorten, showing } from "./proposal";
import type { Proposal, Shown } from "./proposal";
import type { Proposals } from "./proposals";
import type { Lines } from "./region";
import { rowsOf, type Row } from "./rows";
import { room } from "./sight";

/**
 * Milliseconds between two drawings. VS Code waits for a pause of 100 ms in the changes of a thread
 * before it draws it: a shorter time would show nothing until the end.
 */
const INTERVAL = 120;
const LABEL = 160;
const TITLE = 100;

interface Drawn {
  readonly thread: CommentThread;
  comment: Comment;
  key: string;
}

export class Preview implements Disposable {
  private readonly controller = comments.createCommentController("festina", "Festina");
  private readonly marks = new Marks();
  private readonly drawn = new Map<string, Drawn>();
  private readonly looks = new Map<string, Shown>();
  private readonly parts: Disposable[];
  private timer: NodeJS.Timeout | undefined;
  private last = 0;

  constructor(private readonly proposals: Proposals) {
    this.parts = [
      this.controller,
      this.marks,
      proposals.onDidChange((one) => (isRunning(one) ? this.soon() : this.draw())),
      proposals.onDidMove(() => this.soon()),
      this.marks.onDidNeed(() => this.soon()),
    ];
  }

  /** Show another candidate than the visible one, without telling the server; or that again. */
  look(id: string, shown: Shown | undefined): void {
    if (shown === undefined) {
      this.looks.delete(id);
    } else {
      this.looks.set(id, shown);
    }
    this.soon();
  }

  /** The proposal that a thread shows. */
  of(thread: unknown): string | undefined {
    return [...this.drawn].find(([, { thread: one }]) => one === thread)?.[0];
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const { thread } of this.drawn.values()) {
      thread.dispose();
    }
    for (const part of this.parts) {
      part.dispose();
    }
  }

  /** Draw, at once if that was long ago: a person waits for the first words, and reads the others. */
  private soon(): void {
    if (this.timer === undefined) {
      const wait = Math.max(0, this.last + INTERVAL - Date.now());
      this.timer = setTimeout(() => this.draw(), wait);
    }
  }

  private draw(): void {
    clearTimeout(this.timer); // a verdict does not wait for it
    this.timer = undefined;
    this.last = Date.now();
    const placed = new Map<string, { proposal: Proposal; where: Lines; rows: readonly Row[] }>();
    for (const one of this.proposals.live) {
      const where = this.proposals.where(one);
      const old = this.proposals.old(one);
      if (where !== undefined && old !== undefined) {
        const look = this.looks.get(one.proposal);
        const proposal = look ? showing(one, look) : one;
        placed.set(one.proposal, { proposal, where, rows: rowsOf(proposal, old) });
      }
    }
    for (const id of this.looks.keys()) {
      if (this.proposals.get(id) === undefined) {
        this.looks.delete(id);
      }
    }
    for (const [id, { thread }] of this.drawn) {
      if (!placed.has(id)) {
        thread.dispose();
        this.drawn.delete(id);
      }
    }
    for (const { proposal, where, rows } of placed.values()) {
      this.write(proposal, where, rows);
    }
    this.marks.draw([...placed.values()]);
  }

  private write(proposal: Proposal, where: Lines, rows: readonly Row[]): void {
    const text = body(proposal, rows);
    let drawn = this.drawn.get(proposal.proposal);
    if (drawn === undefined) {
      if (text === "") {
        return; // nothing to be read yet: the marks say that it was asked for
      }
      drawn = this.create(proposal, where);
      this.bringInSight(proposal, where);
    }
    if (drawn.comment.author.name !== titleOf(proposal)) {
      drawn.comment = commentOf(proposal); // VS Code draws the author of a comment once
    }
    const { thread, comment } = drawn;
    const range = rangeOf(where);
    const state = isRunning(proposal) ? "running" : proposal.state;
    const label = labelOf(proposal);
    const key = JSON.stringify([text, range, state, label, proposal.instruction]);
    if (drawn.key === key) {
      return;
    }
    drawn.key = key;
    thread.range = range;
    thread.label = label;
    thread.contextValue = state;
    comment.body = markdown(text);
    thread.comments = [comment];
  }

  private create(proposal: Proposal, where: Lines): Drawn {
    const comment = commentOf(proposal);
    const uri = Uri.parse(proposal.uri);
    const thread = this.controller.createCommentThread(uri, rangeOf(where), [comment]);
    thread.canReply = false;
    thread.collapsibleState = CommentThreadCollapsibleState.Expanded;
    // one that is "unresolved" could open the panel of comments
    thread.state = CommentThreadState.Resolved;
    const drawn = { thread, comment, key: "" };
    this.drawn.set(proposal.proposal, drawn);
    return drawn;
  }

  /** Scroll once, as an edit begins to be shown, where the person waits for it: nothing moves later. */
  private bringInSight({ proposal }: Proposal, where: Lines): void {
    const editor = window.activeTextEditor;
    const seen = editor?.visibleRanges[0];
    if (editor === undefined || seen === undefined) {
      return;
    }
    const place = room({ first: seen.start.line, after: seen.end.line + 1 }, where);
    if (place !== undefined && this.proposals.at(editor)?.proposal === proposal) {
      const { InCenter, AtTop } = TextEditorRevealType;
      const range = new Range(place.line, 0, place.line, 0);
      editor.revealRange(range, place.at === "middle" ? InCenter : AtTop);
    }
  }
}

/** The last line alone: VS Code colours all lines of a thread, over our marks. */
function rangeOf({ first, after }: Lines): Range {
  const last = Math.max(first, after - 1);
  return new Range(last, 0, last, 0);
}

function commentOf(proposal: Proposal): Comment {
  const author = { name: titleOf(proposal) };
  return { author, body: markdown(""), mode: CommentMode.Preview };
}

function labelOf(proposal: Proposal): string {
  const which = ordinal(proposal);
  return shorten(`${proposal.name}${which && ` (${which})`}: ${headline(proposal)}`, LABEL);
}

function titleOf({ instruction, name }: Proposal): string {
  return shorten(instruction || `Edit of ${name}`, TITLE);
}

function markdown(text: string): MarkdownString {
  const value = new MarkdownString(text);
  value.supportHtml = true;
  value.isTrusted = { enabledCommands: ["festina.ui.failures"] };
  return value;
}
