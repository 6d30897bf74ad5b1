// The variations of a proposal to choose from: each is shown in place while it is looked at.
import { window, type QuickPickItem } from "vscode";
import { hunkItems, variations } from "./choosing";
import type { Proposal, Shown } from "./proposal";
import type { Preview } from "./preview";
import type { Proposals } from "./proposals";

/** Gives a candidate of a proposal; null where there is none, or the server cannot tell. */
export type Look = (proposal: string, candidate: number) => Promise<Shown | null>;

/** Milliseconds that a person rests on one before it is fetched. */
const REST = 60;

/** Have the person choose a variation; undefined where they leave it. */
export async function pickVariation(
  proposal: Proposal,
  proposals: Proposals,
  preview: Preview,
  look: Look,
): Promise<number | undefined> {
  const id = proposal.proposal;
  const pick = window.createQuickPick<QuickPickItem & { readonly index: number }>();
  pick.title = `Variations of the edit of ${proposal.name}`;
  pick.placeholder = "Look at one with the arrow keys; Enter shows it, Escape leaves everything";
  pick.matchOnDetail = true;
  const offer = () => {
    const now = proposals.get(id);
    if (now === undefined) {
      pick.hide();
      return;
    }
    const on = pick.activeItems[0]?.index ?? now.candidate;
    const items = variations(now).map((item) => ({ ...item, detail: item.detail ?? " " }));
    if (JSON.stringify(items) === JSON.stringify(pick.items)) {
      return;
    }
    pick.items = items;
    pick.activeItems = items.filter((item) => item.index === on);
  };
  let timer: NodeJS.Timeout | undefined;
  let wanted: number | undefined;
  const fetch = (index: number) => {
    wanted = index;
    clearTimeout(timer);
    timer = setTimeout(() => {
      void look(id, index).then((shown) => {
        if (wanted === index && shown !== null) {
          preview.look(id, shown);
        }
      });
    }, REST);
  };
  offer();
  const follow = proposals.onDidChange((one) => {
    if (one.proposal === id) {
      offer();
    }
  });
  const chosen = await new Promise<number | undefined>((resolve) => {
    pick.onDidChangeActive(([item]) => item && fetch(item.index));
    pick.onDidAccept(() => resolve(pick.activeItems[0]?.index));
    pick.onDidHide(() => resolve(undefined));
    pick.show();
  });
  wanted = undefined;
  clearTimeout(timer);
  follow.dispose();
  pick.dispose();
  preview.look(id, undefined);
  return chosen;
}

/** Have the person choose some of the hunks; undefined where they leave it. */
export async function pickHunks(proposal: Proposal): Promise<number[] | undefined> {
  const items = hunkItems(proposal.hunks);
  const chosen = await window.showQuickPick(items, {
    title: `Accept some of the changes to ${proposal.name}`,
    placeHolder: "They are verified by themselves first, and applied if they pass",
    canPickMany: true,
    matchOnDetail: true,
  });
  return chosen?.map(({ id }) => id);
}
