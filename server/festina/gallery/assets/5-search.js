// A search in all lines of all cards. The browser's own finds nothing in lines that are not drawn, and
// most of them are not: so the keys for it come here first, and go to the browser when pressed again.

const bar = document.getElementById("find");
const field = bar.querySelector("input");
const told = bar.querySelector("output");
let hits = []; // [id, row], in the order in which they are seen; row -1 stands above the lines
let hit = null; // the one that is shown

const isFind = ({ key, ctrlKey, metaKey, altKey }) =>
  !altKey && (ctrlKey || metaKey ? key.toLowerCase() === "f" : key === "/");

function search() {
  bar.hidden = false;
  field.focus();
  field.select();
  look();
}

function endSearch() {
  bar.hidden = true;
  unmark();
  hit = null;
  if (drawn.has(focused)) drawn.get(focused).node.focus({ preventScroll: true });
}

function found(wanted) {
  const isIn = (text) => wanted.test(text ?? "");
  return order()
    .filter((id) => !aside.has(id))
    .flatMap((id) => {
      const { rows, findings } = cards.get(id);
      const above = findings.some(({ place, message }) => isIn(place) || isIn(message)) ? [[id, -1]] : [];
      const inside = rows.flatMap(([, , old, , fresh], row) => (isIn(old) || isIn(fresh) ? [[id, row]] : []));
      return [...above, ...inside];
    });
}

/** Search anew: news may have come, and another word. What is shown stays, where it is a hit still. */
function look() {
  const words = field.value;
  hits = words === "" ? [] : found(new RegExp(words.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "i"));
  const isSame = ([id, row]) => hit !== null && hit[0] === id && hit[1] === row;
  const from = order().indexOf(focused);
  const next = hits.find(isSame) ?? hits.find(([id]) => order().indexOf(id) >= from) ?? hits[0] ?? null;
  return reveal(next);
}

function another(by) {
  const before = hit;
  look();
  const at = hits.indexOf(hit);
  if (hits.length > 1 && before !== null) reveal(hits[(at + by + hits.length) % hits.length]);
}

function unmark() {
  for (const one of document.querySelectorAll(".found")) one.classList.remove("found");
}

/** Show a hit: its card is in focus, though the keys stay with the search, and its line in sight. */
async function reveal(next) {
  hit = next;
  unmark();
  const many = new Set(hits.map(([id]) => id)).size;
  const where = `${hits.indexOf(hit) + 1} of ${hits.length}, in ${many} ${many === 1 ? "candidate" : "candidates"}`;
  told.textContent = hit !== null ? where : field.value === "" ? "" : "nowhere";
  if (hit === null) return;
  const [id, row] = hit;
  const one = drawn.get(id);
  pointAt(id);
  one.node.scrollIntoView({ block: "nearest" });
  if (row < 0) return;
  one.diff.open = true;
  let isMore = true;
  while (isMore && one.sides.childElementCount * PART <= row) {
    isMore = drawPart(id);
    await new Promise((done) => setTimeout(done)); // a task for each part
    if (hit !== next || !drawn.has(id)) return;
  }
  const line = one.sides.children[Math.floor(row / PART)]?.querySelector("tbody").children[row % PART];
  line?.classList.add("found");
  line?.scrollIntoView({ block: "center" });
}

field.addEventListener("input", () => {
  hit = null;
  look();
});

bar.addEventListener("keydown", (event) => {
  if (event.key === "Escape") endSearch();
  else if (event.key === "Enter" && event.target === field) another(event.shiftKey ? -1 : 1);
  else return;
  event.preventDefault();
});

bar.querySelector(".before").addEventListener("click", () => another(-1));
bar.querySelector(".after").addEventListener("click", () => another(1));
bar.querySelector(".close").addEventListener("click", endSearch);
