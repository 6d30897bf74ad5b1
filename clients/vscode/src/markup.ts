// The edit as it stands in the code, between the lines: Markdown with HTML of our own. Knows nothing of
// VS Code.
//
// VS Code fills fenced code blocks later than the rest, so that they flicker when they are written
// anew several times a second; lines in `<pre>` do not. Whatever a model or a tool has written is
// escaped here, and shown as text.
import { isRunning, shorten, type Finding, type Proposal } from "./proposal";
import { near, type Row } from "./rows";

const AROUND = 2;
/** Rows that are shown while they stream: the last ones, so that nothing has to be scrolled. */
const STREAMED = 14;
const ROWS = 80;
const WIDTH = 200;
/** Characters of a line that are looked at for that. */
const MOST = 10 * WIDTH;
const MOST_FINDINGS = 5;
const TAB = "    ";

const MARKS = { same: "  ", old: "- ", new: "+ ", gap: "  " } as const;
const COLOURS = {
  same: "",
  old: "background-color:var(--vscode-diffEditor-removedLineBackground);",
  new: "background-color:var(--vscode-diffEditor-insertedLineBackground);",
  gap: "color:var(--vscode-disabledForeground);",
} as const;

/** The body of the thread below a region. */
export function body(proposal: Proposal, rows: readonly Row[]): string {
  const edit = block(cut(near(rows, AROUND), isRunning(proposal)));
  const { verdict, state } = proposal;
  const findings = verdict?.findings ?? [];
  const parts = [edit];
  if (state === "rejected" || state === "unverified") {
    parts.unshift(reasons(findings, proposal)); // first, since a long edit can fill the window
  } else if (state === "ready" && findings.length > 0) {
    parts.push(reasons(findings, proposal)); // remarks, which decide nothing
  }
  return parts.filter((part) => part !== "").join("\n\n");
}

/** Rows that fit: while they stream, the last that were written. */
function cut(rows: readonly Row[], streams: boolean): readonly Row[] {
  const most = streams ? STREAMED : ROWS;
  if (rows.length <= most) {
    return rows;
  }
  const left = (count: number): Row => ({ kind: "gap", text: `⋯ ${count} more lines` });
  if (!streams) {
    return [...rows.slice(0, most - 1), left(rows.length - most + 1)];
  }
  const end = rows.findLastIndex((row) => row.kind === "new") + 1 || rows.length;
  const start = Math.max(0, Math.min(end, rows.length) - most + 1);
  const shown = rows.slice(start, start + most - 1);
  return start > 0 ? [left(start), ...shown] : [...shown, left(rows.length - most + 1)];
}

function block(rows: readonly Row[]): string {
  if (rows.every((row) => row.kind === "same" || row.kind === "gap")) {
    return "";
  }
  const texts = rows.map(({ text }) => {
    const letters = [...visible(text.slice(0, MOST))]; // one of a model's can be very long
    return letters.length <= WIDTH ? letters.join("") : `${letters.slice(0, WIDTH - 1).join("")}…`;
  });
  const width = Math.max(...texts.map((text) => [...text].length));
  const lines = rows.map(({ kind }, index) => {
    const line = MARKS[kind] + (texts[index] ?? "").padEnd(width + 1);
    return COLOURS[kind] === ""
      ? escape(line)
      : `<span style="${COLOURS[kind]}">${escape(line)}</span>`;
  });
  return `<pre><code>${lines.join("\n")}\n</code></pre>`;
}

/** What the gates found, each a link to its place. */
function reasons(findings: readonly Finding[], proposal: Proposal): string {
  const items = findings.slice(0, MOST_FINDINGS).map((finding, index) => {
    const words = escape(shorten(finding.message, 300));
    const place = finding.path ? `${finding.path}${finding.line ? `:${finding.line}` : ""}` : "";
    const argument = encodeURIComponent(JSON.stringify([proposal.proposal, index]));
    const link = `<a href="command:festina.ui.failures?${argument}">${escape(place)}</a>`;
    const gate = escape(finding.gate);
    return `<li>${gate}: ${words}${place === "" ? "" : ` ${link}`}</li>`;
  });
  if (items.length === 0) {
    return proposal.message === "" ? "" : `<p>${escape(shorten(proposal.message, 600))}</p>`;
  }
  const more = findings.length - items.length;
  return `<ul>${items.join("")}${more > 0 ? `<li>and ${more} more</li>` : ""}</ul>`;
}

/** Characters that a person would not see, or that would turn others around, as their numbers. */
export function visible(text: string): string {
  return text.replaceAll("\t", TAB).replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text for a label, a lens or the status bar, where VS Code would draw `$(name)` as an icon. */
export function plain(text: string): string {
  return visible(text).replace(/\$\([\w-]+(?:~\w+)?\)/g, "\\$&");
}

/** Text as HTML that shows just it; no Markdown is left in it either. */
export function escape(text: string): string {
  return text.replace(/[&<>"'`*_[\]()\\~#|!:$@\n]/g, (letter) =>
    letter === "\n" ? "\n" : `&#${letter.charCodeAt(0)};`,
  );
}
