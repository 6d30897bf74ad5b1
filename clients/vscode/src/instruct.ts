// What is to be done, typed or chosen from what was said before.
import { window, type Memento, type QuickPickItem } from "vscode";
import { offered, remember } from "./history";
import { plain } from "./markup";

const KEY = "festina.instructions";

export class Instructions {
  constructor(private readonly memento: Memento) {}

  /**
   * Ask for an instruction; undefined where the person leaves it.
   *
   * `otherwise` stands for no words at all, as where a comment in the code says what to do.
   */
  async ask(title: string, placeholder: string, otherwise = ""): Promise<string | undefined> {
    const earlier = this.memento.get<string[]>(KEY, []);
    const pick = window.createQuickPick<
      QuickPickItem & { readonly words: string; readonly isTyped: boolean }
    >();
    pick.title = title;
    pick.placeholder = placeholder;
    pick.ignoreFocusOut = true;
    const offer = () => {
      const typed = pick.value.trim() !== "";
      const items = offered(earlier, pick.value).map((words, index) => {
        const isTyped = typed && index === 0;
        return { label: plain(words), words, alwaysShow: true, isTyped };
      });
      const description = "the comment in the code";
      const comment = { label: plain(otherwise), words: otherwise, description, isTyped: false };
      pick.items =
        !typed && otherwise !== "" ? [{ ...comment, alwaysShow: true }, ...items] : items;
    };
    offer();
    const chosen = await new Promise<string | undefined>((resolve) => {
      pick.onDidChangeValue(offer);
      pick.onDidAccept(() => {
        // the item of what is typed comes a little later than the letters do
        const item = pick.activeItems[0];
        resolve(item === undefined || item.isTyped ? pick.value : item.words);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
    pick.dispose();
    const words = chosen?.trim() ?? "";
    if (words === "") {
      return undefined;
    }
    if (words === otherwise) {
      return ""; // the server reads the comment itself
    }
    // beside: nobody waits for the storage, and what it loses can be typed again
    this.memento.update(KEY, remember(earlier, words)).then(undefined, () => undefined);
    return words;
  }
}
