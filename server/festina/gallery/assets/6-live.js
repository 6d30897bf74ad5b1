// What the page asks for, and hears of. In a file that stands by itself there is none of it.

const PATIENCE = 10_000; // milliseconds after which an edit should have been applied

async function wish(what, card, count) {
  if (!isLive()) return null;
  const body = JSON.stringify({ what, candidate: card?.candidate, digest: card?.digest, count });
  try {
    const asked = await fetch("wish", { method: "POST", headers: { "content-type": "application/json" }, body });
    const answer = await asked.json();
    say(answer.message);
    return answer;
  } catch {
    say("The editor's server has ended, or this page is no longer served. Open the gallery again from the editor.");
    return null;
  }
}

async function accept(id) {
  const card = cards.get(id);
  if (card.status === "unverified") return say("It could not be verified: Shift+A applies it all the same.");
  const answer = await wish("accept", card);
  if (answer?.ok) {
    setTimeout(() => isLive() && say("The editor has not applied it: look there."), PATIENCE);
  }
  return answer;
}

function acceptUnverified(id) {
  const card = cards.get(id);
  if (card.status !== "unverified") return say("That is for edits that could not be verified; a accepts.");
  return sure(`Apply ${number(card)} although it was not verified? ${card.words}`, "apply it", () => wish("unverified", card));
}

function dismissAll() {
  return sure(`Dismiss all ${head.ranked.length}? They are gone then.`, "dismiss all", () => wish("dismiss"));
}

const more = (count) => wish("variations", null, count);

/** Ask before what cannot be taken back. */
function sure(question, words, does) {
  if (!isLive()) return;
  const box = document.getElementById("sure");
  const yes = button(words, "Enter", () => (box.close(), does()));
  box.replaceChildren(el("p", "", question), el("div", "doing", yes, button("leave it", "Esc", () => box.close())));
  box.showModal();
  yes.focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  " ": () => toggle(focused),
  c: compareMarked,
  a: () => accept(focused),
  A: () => acceptUnverified(focused),
  d: () => putAside(focused),
  l: () => unfold(focused),
  D: dismissAll,
  v: () => more(4),
  V: () => more(16),
  e: () => isLive() && document.querySelector("#head a").click(),
  Enter: () => wish("show", cards.get(focused)),
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (head === null || document.querySelector("dialog[open]") !== null || bar.contains(event.target)) return;
  if (isFind(event)) {
    event.preventDefault();
    return search();
  }
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  // what is pressed on a button is the button's
  if (["Enter", " "].includes(event.key) && event.target.closest("button, a, summary") !== null) return;
  const rank = /^[1-9]$/.test(event.key) ? head.ranked[Number(event.key) - 1] : undefined;
  if (rank === undefined && (KEYS[event.key] === undefined || focused === null)) return;
  event.preventDefault();
  if (rank !== undefined) focusOn(rank);
  else KEYS[event.key]();
});

if (data !== null) {
  const held = JSON.parse(data.textContent);
  pictures = held.pictures;
  take(held);
} else {
  const events = new EventSource("events");
  let isOpen = false;
  events.addEventListener("message", (event) => {
    take(JSON.parse(event.data));
    if (head?.over) events.close();
  });
  events.addEventListener("open", () => {
    isOpen = true;
  });
  events.addEventListener("error", () => {
    if (isOpen) say("The editor's server does not answer. If it was ended, this page shows what was last known.");
    isOpen = false;
  });
}
