// A card for each text. Live views and diffs are drawn when they come into sight, a little after each
// frame, so that the next one has little to lay out; lines that are far away are let go of again: of
// thousands, the collection of garbage would hold up a frame.

const SLICE = 3; // milliseconds that drawing may take at a time
const FIRST = 8; // and what is new, before the rest of it comes in slices
const AHEAD = "800px";
const FAR = "4000px";

const drawn = new Map(); // id -> what `node` makes
const stale = new Set(); // ids of cards that have news which they do not show yet
const queue = new Set();
let isDrawing = false;

const sight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) draw(Number(target.dataset.card));
    }
  },
  { rootMargin: AHEAD },
);

const reach = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) letGo(drawn.get(Number(target.dataset.card)));
    }
  },
  { rootMargin: FAR },
);

/** Forget the lines of a card, and its live view, unless somebody is about to copy some. */
function letGo(one) {
  if (!one?.isNear || !document.getSelection().isCollapsed) return;
  Object.assign(one, { isNear: false, looked: "", rows: null, left: null });
  one.sides.replaceChildren();
  one.live.firstElementChild?.replaceChildren(); // its place stays, as large as it is
}

function draw(id) {
  const one = drawn.get(id);
  if (one === undefined) return;
  one.isNear = true;
  queue.add(id);
  if (!isDrawing) soon();
}

function soon() {
  isDrawing = true;
  // not in the frame itself: what is built and what is laid out are two tasks
  requestAnimationFrame(() => setTimeout(drawSome));
}

function drawSome() {
  const began = performance.now();
  freshen(began + SLICE);
  for (const id of queue) {
    if (!drawPart(id)) queue.delete(id);
    if (performance.now() > began + SLICE) break;
  }
  isDrawing = queue.size + stale.size > 0;
  if (isDrawing) soon();
}

/** Draw what comes next of a card; returns whether there is more. */
function drawPart(id) {
  const one = drawn.get(id);
  const card = cards.get(id);
  if (!one || !card) return false;
  const looks = `${card.looks} ${card.digest}`;
  if (card.looks && data === null && one.looked !== looks) {
    one.looked = looks;
    view(one.live, card);
  }
  if (!one.diff.open) return false;
  if (one.rows !== card.rows) {
    one.rows = card.rows;
    one.left = tables(card.rows);
    one.sides.replaceChildren();
  }
  const { value, done } = one.left.next();
  if (!done) one.sides.append(value);
  return !done;
}

/** The node of a card, as it is now: what is said of it, pictures, the live view, the diff. */
function node(card) {
  let one = drawn.get(card.id);
  if (one === undefined) {
    const [top, taken, live, lines] = [el("div", ""), el("div", ""), el("div", ""), el("div", "sides")];
    const diff = el("details", "lines", el("summary", "", "line by line"), lines);
    diff.open = true;
    diff.addEventListener("toggle", () => diff.open && one.isNear && draw(card.id));
    one = { node: el("article", "", top, taken, live, diff), top, taken, live, diff, sides: lines };
    Object.assign(one, { isNear: false, looked: "", rows: null, left: null, shots: "[]" });
    one.node.dataset.card = card.id;
    one.node.tabIndex = -1;
    // before what is clicked in it hears of it
    one.node.addEventListener("click", () => focusOn(card.id, false), true);
    sight.observe(one.node);
    reach.observe(one.node);
    drawn.set(card.id, one);
  }
  return one;
}

/** Have cards show their news, until some time; what is left is shown soon. */
function freshen(until) {
  for (const id of stale) {
    stale.delete(id);
    if (cards.has(id)) refresh(cards.get(id));
    if (performance.now() > until) break;
  }
  if (stale.size > 0 && !isDrawing) soon();
}

/** Draw what stands above the diff anew, and have the diff follow when it is seen. */
function refresh(card) {
  const one = node(card);
  one.node.style.setProperty("--rows", card.shots.length > 0 ? 8 : card.rows.length);
  one.node.setAttribute("aria-label", `${number(card)}: ${status(card)}`);
  one.top.replaceChildren(
    heading(card),
    el("ul", "gates", ...card.gates.map(gate)),
    ...card.findings.map(finding),
    measures(card),
    card.seen && (data === null || !card.looks) ? el("p", "seen", card.seen) : "",
    doing(card),
  );
  const told = JSON.stringify(card.shots);
  if (one.shots !== told) {
    // of what can be seen, a person sees the lines when they ask for them
    if (one.shots === "[]") one.diff.open = false;
    one.shots = told;
    one.taken.replaceChildren(shots(card));
  }
  mark(card.id);
  if (one.isNear) draw(card.id);
}

/** Show what the person has done with a card. */
function mark(id) {
  const { node: article } = drawn.get(id);
  const card = cards.get(id);
  const is = (name, yes) => article.classList.toggle(name, Boolean(yes));
  article.className = card.status;
  is("best", card.best);
  is("marked", marked.has(id));
  is("aside", aside.has(id));
  is("here", focused === id);
  is("shown", head.shown === id);
  is("pictured", card.shots.length > 0);
}

const number = (card) => `#${card.id + 1}`;

function status(card) {
  if (card.status === "streaming") return `being written, about ${card.tokens} tokens`;
  if (card.status === "verifying") return "being checked";
  return { failed: "rejected", unusable: "not usable" }[card.status] ?? card.status;
}

function heading(card) {
  const others = card.same.length - 1;
  const same = others > 0 ? `written ${card.same.length} times` : "";
  return el(
    "h3",
    "",
    el("span", "rank", `${card.rank}`),
    el("span", "number", number(card)),
    el("span", "status", status(card)),
    card.best ? el("span", "tag", "best") : "",
    head.shown === card.id ? el("span", "tag", "in the editor") : "",
    same ? el("span", "tag", same) : "",
  );
}

function finding({ gate: name, place, message }) {
  return el("p", "finding", el("b", "", name), " ", place ? el("code", "", place) : "", " ", message);
}

function measures(card) {
  const { measures: found } = card;
  if (found === null) return card.status === "unusable" ? el("p", "finding", card.words) : "";
  const parts = [`${found.lines} ${found.lines === 1 ? "line" : "lines"}`];
  if (found.executed) parts.push(`${found.executed[0]} of ${found.executed[1]} changed lines executed`);
  parts.push(found.imports.length ? `imports ${found.imports.join(", ")}` : "no new import");
  parts.push(`complexity ${found.complexity > 0 ? "+" : ""}${found.complexity}`);
  const made = el("p", "measures", parts.join(" · "));
  if (card.why) made.append(el("span", "why", card.why));
  return made;
}

function doing(card) {
  const bar = el("div", "doing");
  if (isLive() && card.applicable) bar.append(button("accept", "a", () => accept(card.id)));
  if (isLive() && card.status === "unverified" && head.unverified) {
    bar.append(button("apply unverified", "A", () => acceptUnverified(card.id)));
  }
  if (card.measures !== null) {
    bar.append(button("compare", "space", () => toggle(card.id)));
    if (isLive()) bar.append(button("show in the editor", "Enter", () => wish("show", card)));
  }
  bar.append(button("put aside", "d", () => putAside(card.id)));
  return bar;
}
