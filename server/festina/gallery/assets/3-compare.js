// Two candidates against each other, line by line.

const MOST_PAIRS = 1_000_000;

/** The lines that two texts have in common, as pairs of indices, in order. */
function common(ours, theirs) {
  if (ours.length * theirs.length > MOST_PAIRS) return [];
  const width = theirs.length + 1;
  const longest = new Uint16Array((ours.length + 1) * width);
  for (let i = ours.length - 1; i >= 0; i--) {
    for (let j = theirs.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        ours[i] === theirs[j]
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < ours.length && j < theirs.length; ) {
    if (ours[i] === theirs[j]) pairs.push([i++, j++]);
    else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i++;
    else j++;
  }
  return pairs;
}

/** The part of two lines that differs: [start, end) of one, then of the other. */
function differing(old, fresh) {
  const most = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < most && old[start] === fresh[start]) start++;
  let tail = 0;
  while (tail < most - start && old.at(-1 - tail) === fresh.at(-1 - tail)) tail++;
  return [start, old.length - tail, start, fresh.length - tail];
}

function compared(ours, theirs) {
  const rows = [];
  let i = 0;
  let j = 0;
  for (const [nextI, nextJ] of [...common(ours, theirs), [ours.length, theirs.length]]) {
    while (i < nextI || j < nextJ) {
      const old = i < nextI ? ours[i] : null;
      const fresh = j < nextJ ? theirs[j] : null;
      const kind = old === null ? "+" : fresh === null ? "-" : "~";
      const marks = kind === "~" ? [differing(old, fresh)] : [];
      rows.push([
        kind,
        old === null ? null : ++i,
        old ?? "",
        fresh === null ? null : ++j,
        fresh ?? "",
        ...marks,
      ]);
    }
    if (nextI < ours.length) rows.push(["=", ++i, ours[nextI], ++j, theirs[nextJ]]);
  }
  return rows;
}

function lines(text) {
  const found = text.split("\n");
  return found.at(-1) === "" ? found.slice(0, -1) : found;
}

/** Show two candidates beside each other. */
function compare(one, other) {
  const box = document.getElementById("compare");
  const bar = el("div", "doing");
  for (const card of [one, other]) {
    if (isLive() && card.applicable) {
      bar.append(button(`accept ${number(card)}`, "", () => (box.close(), accept(card.id))));
    }
  }
  bar.append(button("close", "Esc", () => box.close()));
  const half = (card) => el("div", card.status, heading(card), measures(card), card.shots.length ? shots(card) : "");
  const top = el("div", "two", ...[one, other].map(half));
  box.replaceChildren(top, ...tables(compared(lines(one.text), lines(other.text))), bar);
  box.showModal();
}
