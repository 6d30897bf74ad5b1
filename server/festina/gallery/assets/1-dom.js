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

/** A page with the candidate in it: it has no origin, runs nothing, and gets nothing from anywhere. */
function view(place, card) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "");
  frame.setAttribute("loading", "lazy");
  frame.title = `how it looks with ${number(card)}`;
  frame.src = `${card.looks}?${card.digest.slice(0, 12)}`;
  if (place.firstElementChild === null) place.append(el("div", "look"));
  place.firstElementChild.replaceChildren(frame);
}

/** Pictures that were taken with the candidate: of what is wrong, then of the pages, at each width. */
function shots(card) {
  const place = (one) => (data === null ? `shot/${one}` : pictures[one]);
  const shown = card.shots.map(({ wrong, page, width, picture, before = null }) => {
    const after = place(picture);
    if (!after) return "";
    const image = document.createElement("img");
    image.loading = "lazy";
    image.decoding = "async";
    image.src = after;
    image.alt = wrong ?? `${page} at ${width} px`;
    const words = el("figcaption", "", image.alt);
    const earlier = before === null ? null : place(before);
    const seen = earlier ? turning(image, words, after, earlier) : image;
    const figure = el("figure", wrong ? "wrong" : "", seen, words);
    if (!wrong) figure.style.flexGrow = width; // so that all widths are shown at one scale
    return figure;
  });
  return el("div", "shots", ...shown);
}

/** A picture that is pressed like a button, and then shows how it was before. */
function turning(image, words, after, earlier) {
  const made = el("button", "turn", image);
  made.type = "button";
  made.title = "how it was before, and back";
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    const isBefore = image.classList.toggle("before");
    image.src = isBefore ? earlier : after;
    words.textContent = isBefore ? `${image.alt}: before` : image.alt;
  });
  return made;
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

const PART = 50; // rows of a table: what is out of sight is not laid out, table by table

/** Rows as the server writes them, [kind, number, old, number, new, marks?], as tables in order. */
function* tables(rows) {
  for (let at = 0; at < rows.length; at += PART) {
    const some = rows.slice(at, at + PART);
    const part = el("div", "part", el("table", "diff", el("tbody", "", ...some.map(line))));
    part.style.setProperty("--part", some.length);
    yield part;
  }
}

function line([kind, oldNumber, old, newNumber, fresh, marks = []]) {
  if (kind === ":") {
    const gap = el("td", "gap", "⋯");
    gap.colSpan = 4;
    return el("tr", "", gap);
  }
  return el(
    "tr",
    { "~": "changed", "-": "gone", "+": "added", "=": "equal" }[kind],
    el("td", "number", oldNumber === null ? "" : `${oldNumber}`),
    code(old, marks[0], marks[1]),
    el("td", "number", newNumber === null ? "" : `${newNumber}`),
    code(fresh, marks[2], marks[3]),
  );
}
