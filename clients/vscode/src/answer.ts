// An answer to a question as a page of Markdown. Knows nothing of VS Code.

/** The parameters of `festina/answer`, as far as they are shown. */
export interface Answer {
  readonly ask: string;
  readonly question: string;
  readonly state: string;
  /** Markdown that the server has made safe. */
  readonly text: string;
  readonly message: string;
}

const MOST = 50;

/** A name for the page's tab: the question, without what a path cannot hold. */
export function title({ ask, question }: Answer): string {
  const words = question.replace(/[^\p{L}\p{N} ,'-]+/gu, " ").trim();
  const short = words.length > MOST ? `${words.slice(0, MOST - 1).trimEnd()}…` : words;
  return `${short || "Answer"} (${ask}).md`;
}

/** The page: the question, the answer so far, and how far it is or why it is not there. */
export function page(answer: Answer): string {
  const parts = [`## ${plain(answer.question)}`, answer.text];
  if (answer.state !== "complete") {
    parts.push(`*${plain(answer.message)}*`);
  }
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Words as Markdown that shows just them. */
function plain(words: string): string {
  return words.replace(/\s+/g, " ").replace(/[\\`*_[\]<>&~!#|:@.]/g, "\\$&");
}
