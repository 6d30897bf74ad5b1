// API keys in the editor's secret store, each for the origin that it was entered for.
import {
  window,
  type LogOutputChannel,
  type Memento,
  type QuickPick,
  type QuickPickItem,
  type SecretStorage,
} from "vscode";
import { inform } from "./notices";
import { originOf } from "./origin";
import { changed, choices, type Choice } from "./origins";
import { withoutSecrets } from "./traces";

const SET = "Festina: Set API Key";
const CLEAR = "Festina: Clear API Key";
const LIST = "festina.keyOrigins";
const ALL = "All of them";

type Offer = Choice & QuickPickItem;

export class Keys {
  private readonly given = new Set<string>();

  /** The secret store cannot be listed, so `memento` has the origins; no key is in it. */
  constructor(
    private readonly secrets: SecretStorage,
    private readonly memento: Memento,
  ) {}

  /** The origins that keys are kept for. */
  get origins(): readonly string[] {
    return this.memento.get<string[]>(LIST, []);
  }

  /** The key for an origin; null where there is none. */
  async of(origin: string): Promise<string | null> {
    const key = await this.secrets.get(origin);
    if (key === undefined) {
      return null;
    }
    this.given.add(key);
    return key;
  }

  async keep(origin: string, key: string): Promise<void> {
    await this.secrets.store(origin, key);
    await this.memento.update(LIST, changed(this.origins, origin, true));
  }

  async forget(origin: string): Promise<void> {
    await this.secrets.delete(origin);
    await this.memento.update(LIST, changed(this.origins, origin, false));
  }

  /** Have the person enter a key; whether they did. `configured` are the models' addresses. */
  async enter(configured: readonly string[]): Promise<boolean> {
    const origin = await this.chooseOrigin(configured);
    if (origin === undefined) {
      return false;
    }
    const key = await window.showInputBox({
      title: SET,
      prompt: `The key for ${origin}. It is kept in VS Code's secret store, and given to that address alone.`,
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) =>
        /\s/.test(value.trim()) ? "A key is one word. Copy it again." : undefined,
    });
    if (key === undefined || key.trim() === "") {
      return false;
    }
    await this.keep(origin, key.trim());
    void inform(`Festina: the key for ${origin} is kept.`);
    return true;
  }

  /** Have the person choose a key to forget; whether one was forgotten. */
  async clear(): Promise<boolean> {
    const { origins } = this;
    if (origins.length === 0) {
      void inform("Festina: no key is kept here.");
      return false;
    }
    const chosen = await window.showQuickPick(origins.length > 1 ? [...origins, ALL] : origins, {
      title: CLEAR,
      placeHolder: "Forget the key for",
    });
    if (chosen === undefined) {
      return false;
    }
    for (const origin of chosen === ALL ? origins : [chosen]) {
      await this.forget(origin);
    }
    void inform(
      chosen === ALL
        ? "Festina: all keys are forgotten."
        : `Festina: the key for ${chosen} is forgotten.`,
    );
    return true;
  }

  /** A log to trace messages in: whoever traces them, no key is written down. */
  traces(log: LogOutputChannel): LogOutputChannel {
    return withoutSecrets(log, this.given);
  }

  private chooseOrigin(configured: readonly string[]): Promise<string | undefined> {
    const pick: QuickPick<Offer> = window.createQuickPick<Offer>();
    pick.title = SET;
    pick.placeholder = "Who is the key for? Choose, or type the model's base URL";
    pick.ignoreFocusOut = true;
    pick.matchOnDescription = true;
    const offer = () => {
      pick.items = choices(pick.value, configured, this.origins).map((choice, index) => ({
        ...choice,
        alwaysShow: index === 0 && pick.value !== "",
      }));
    };
    offer();
    return new Promise((resolve) => {
      pick.onDidChangeValue(offer);
      pick.onDidAccept(() => {
        // who types fast is ahead of the list
        const origin = pick.selectedItems[0]?.origin ?? originOf(pick.value);
        if (origin !== undefined) {
          resolve(origin);
          pick.hide();
        }
      });
      pick.onDidHide(() => {
        resolve(undefined);
        pick.dispose();
      });
      pick.show();
    });
  }
}
