// The page: what is known, what is in focus, and the order of it all.

const cards = new Map();
const marked = new Set();
const aside = new Set();
const early = []; // cards of news that are not there as a whole yet
let head = null;
let focused = null;
let lastSaid = null;

const board = document.getElementById("board");
const data = document.getElementById("data");
let pictures = []; // of a page that stands by itself

/** Whether something can still be done: not in a file, and not once the proposal is over. */
const isLive = () => data === null && head !== null && !head.over;

/** The ids of all cards in the order in which they are seen. */
const order = () => head.groups.flatMap((group) => group.cards);

function say(words) {
  const place = document.getElementById("said");
  place.textContent = words;
  clearTimeout(lastSaid);
  lastSaid = setTimeout(() => (place.textContent = ""), 8000);
}

/** Take news: a new head, and the cards that have changed, with lines only where those have. */
function take(news) {
  early.push(...news.cards);
  if (news.head === undefined) return; // the rest of it comes next
  const before = head;
  head = news.head;
  const fresh = early.splice(0);
  for (const card of fresh) cards.set(card.id, { ...cards.get(card.id), ...card });
  for (const id of [...cards.keys()]) {
    if (!head.ranked.includes(id)) drop(id);
  }
  if (JSON.stringify(before?.groups) !== JSON.stringify(head.groups)) arrange();
  const changed = new Set(fresh.map((card) => card.id));
  const isShown = (id) => before.shown !== head.shown && [before.shown, head.shown].includes(id);
  for (const id of order()) {
    if (before?.over !== head.over || changed.has(id) || isShown(id)) stale.add(id);
  }
  board.classList.toggle("pictures", [...cards.values()].some((card) => card.shots.length > 0));
  freshen(performance.now() + FIRST);
  if (focused === null && head.ranked.length > 0) focusOn(order()[0], false);
  if (JSON.stringify(before) !== JSON.stringify(head)) about();
}

function drop(id) {
  const one = drawn.get(id);
  if (one !== undefined) {
    sight.unobserve(one.node);
    reach.unobserve(one.node);
    one.node.remove();
  }
  for (const known of [cards, drawn, marked, aside, queue, stale]) known.delete(id);
  if (focused === id) focused = null;
}

/** Put the cards into their groups; what stands where it should is not touched. */
function arrange() {
  const sections = new Map([...board.children].map((one) => [one.dataset.title, one]));
  head.groups.forEach(({ title, cards: ids }, at) => {
    let section = sections.get(title);
    sections.delete(title);
    if (section === undefined) {
      section = el("section", "", title ? el("h2", "", title) : "", el("div", "cards"));
      section.dataset.title = title;
    }
    if (board.children[at] !== section) board.insertBefore(section, board.children[at] ?? null);
    const place = section.lastElementChild;
    ids.forEach((id, row) => {
      const wanted = node(cards.get(id)).node;
      if (place.children[row] !== wanted) place.insertBefore(wanted, place.children[row] ?? null);
    });
  });
  for (const section of sections.values()) section.remove();
}

/** What stands above all cards. */
function about() {
  const { counts, ranked, name, path, instruction, model, state, message } = head;
  const names = { passed: "passed", unverified: "unverified", verifying: "being checked" };
  Object.assign(names, { streaming: "being written", failed: "rejected", unusable: "not usable" });
  const told = Object.keys(names)
    .filter((one) => counts[one])
    .map((one) => `${counts[one]} ${names[one]}`);
  const texts = `${ranked.length} ${ranked.length === 1 ? "text" : "texts"}`;
  document.title = `${name}: ${state}`;
  const bar = el("div", "doing");
  if (isLive()) {
    bar.append(button("more variations", "v", () => more(4)), button("dismiss all", "D", dismissAll));
    const save = el("a", "", "save as a file");
    save.href = "export";
    bar.append(save);
  }
  bar.append(button("keys and rubric", "?", help));
  document
    .getElementById("head")
    .replaceChildren(
      el("h1", "", name, " ", el("code", "", path)),
      el("p", "asked", `“${instruction}”`, model ? el("span", "why", model) : ""),
      el("p", `state ${state}`, el("b", "", state), " ", message === state ? "" : message),
      el("p", "counts", [texts, ...told].join(" · "), bar),
    );
}

/** Have a card be the one that keys are about. */
function pointAt(id) {
  const before = focused;
  focused = id;
  for (const one of [before, id]) if (drawn.has(one)) mark(one);
}

/** Put a card into focus; it is scrolled to where it was not clicked. */
function focusOn(id, moves = true) {
  pointAt(id);
  const { node: article } = drawn.get(id);
  article.focus({ preventScroll: true });
  // of one that is higher than the window, what it is comes first
  const isHigh = article.offsetHeight > innerHeight - document.getElementById("head").offsetHeight;
  if (moves) article.scrollIntoView({ block: isHigh ? "start" : "nearest" });
}

function toggle(id) {
  if (cards.get(id).measures === null) return say(`${number(cards.get(id))} has no whole text yet.`);
  if (!marked.delete(id)) marked.add(id);
  if (marked.size > 2) {
    const [oldest] = marked;
    marked.delete(oldest);
    mark(oldest);
  }
  mark(id);
  return say(marked.size === 2 ? "Two are marked: c compares them." : "");
}

function compareMarked() {
  const chosen = [...marked];
  if (chosen.length < 2 && !marked.has(focused)) chosen.push(focused);
  const found = chosen.map((id) => cards.get(id)).filter((card) => card?.measures);
  if (found.length < 2) return say("Mark two candidates with the space bar, then compare them with c.");
  return compare(...found);
}

function putAside(id) {
  if (!aside.delete(id)) aside.add(id);
  mark(id);
  if (aside.has(id) && focused === id) step(1);
}

function unfold(id) {
  const { diff } = drawn.get(id);
  if (cards.get(id).shots.length > 0) diff.open = !diff.open;
}

/** Go to the next card that is not put aside. */
function step(by) {
  const all = order().filter((id) => !aside.has(id) || id === focused);
  const at = all.indexOf(focused) + by;
  if (all[at] !== undefined) focusOn(all[at]);
}

function help() {
  const keys = [
    ["j, k", "next, previous candidate"],
    ["1 to 9", "the candidate of that rank"],
    ["space", "mark for comparison"],
    ["c", "compare the two that are marked, or the marked one with this one"],
    ["d", "put aside, or take back; nothing is lost"],
    ["l", "the lines of a card with pictures, or not"],
    ["/", "search in all lines, those that are not drawn yet too"],
  ];
  if (data === null) {
    keys.push(
      ["a", "accept: the editor applies the edit, as one undo step"],
      ["A", "apply an edit that could not be verified"],
      ["Enter", "show this one in the editor"],
      ["v, V", "four, sixteen more variations"],
      ["D", "dismiss all of them"],
      ["e", "save this page as a file"],
    );
  }
  const table = el("table", "keys", ...keys.map(([key, words]) => el("tr", "", el("td", "", el("kbd", "", key)), el("td", "", words))));
  const rubric = el("ol", "", ...head.rubric.map((one) => el("li", "", el("b", "", one.name), `: ${one.words}`)));
  const box = document.getElementById("help");
  const words = "The first of these that tells two candidates apart decides which comes first:";
  box.replaceChildren(el("h2", "", "Keys"), table, el("h2", "", "Rubric"), el("p", "", words), rubric, button("close", "Esc", () => box.close()));
  box.showModal();
}
