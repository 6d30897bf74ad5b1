// Building what is shown. Text of others is text here, never markup.

function el(tag, name, ...inside) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...inside.filter((one) => one !== null && one !== ""));
  return made;
}

function button(words, key, does) {
  const made = el("button", "", words, key ? el("kbd", "", key) : "");
  made.type = "button";
  made.tabIndex = -1; // the keys are for that
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    does();
  });
  return made;
}

const SIGNS = { passed: "✓", failed: "✗", unverified: "?", skipped: "–", running: "…", waiting: "·" };

function gate({ name, status, seconds, words }) {
  const took = typeof seconds === "number" && status !== "skipped" ? ` ${duration(seconds)}` : "";
  const made = el("li", `gate ${status}`, `${SIGNS[status] ?? ""} ${name}${took}`);
  made.title = words || status;
  return made;
}

function duration(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

/** One line of a side, with the part that differs marked. */
function code(text, start, end) {
  const cell = el("td", "code");
  if (start === undefined || start >= end) {
    cell.textContent = text;
  } else {
    cell.append(text.slice(0, start), el("mark", "", text.slice(start, end)), text.slice(end));
  }
  return cell;
}

/** A table of rows as the server writes them: [kind, number, old, number, new, marks?]. */
function sides(rows) {
  const body = el("tbody", "");
  for (const [kind, oldNumber, old, newNumber, fresh, marks = []] of rows) {
    if (kind === ":") {
      const gap = el("td", "gap", "⋯");
      gap.colSpan = 4;
      body.append(el("tr", "", gap));
      continue;
    }
    const row = el("tr", { "~": "changed", "-": "gone", "+": "added", "=": "equal" }[kind]);
    row.append(
      el("td", "number", oldNumber === null ? "" : `${oldNumber}`),
      code(old, marks[0], marks[1]),
      el("td", "number", newNumber === null ? "" : `${newNumber}`),
      code(fresh, marks[2], marks[3]),
    );
    body.append(row);
  }
  return el("table", "diff", body);
}
