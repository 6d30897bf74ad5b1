// API keys in the editor's secret store, each for the origin that it was entered for.
import { window, type LogOutputChannel, type SecretStorage } from "vscode";
import { originOf } from "./origin";
import { withoutSecrets } from "./traces";

const TITLE = "Festina: Set API Key";

export class Keys {
  private readonly given = new Set<string>();

  constructor(private readonly secrets: SecretStorage) {}

  /** The key for an origin; null where there is none. */
  async of(origin: string): Promise<string | null> {
    const key = await this.secrets.get(origin);
    if (key === undefined) {
      return null;
    }
    this.given.add(key);
    return key;
  }

  /** Have the person enter a key, or forget the one that there is. Whether they did. */
  async enter(): Promise<boolean> {
    const address = await window.showInputBox({
      title: TITLE,
      prompt: "Where the key is for: the model's base_url",
      placeHolder: "https://api.example.com/v1",
      ignoreFocusOut: true,
      validateInput: (value) =>
        originOf(value) === undefined ? "An address such as https://api.example.com/v1" : undefined,
    });
    const origin = address === undefined ? undefined : originOf(address);
    if (origin === undefined) {
      return false;
    }
    const key = await window.showInputBox({
      title: TITLE,
      prompt: `The key for ${origin}; nothing, to forget the one that is kept`,
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) {
      return false;
    }
    if (key.trim() === "") {
      await this.secrets.delete(origin);
    } else {
      await this.secrets.store(origin, key.trim());
    }
    return true;
  }

  /** A log to trace messages in: whoever traces them, no key is written down. */
  traces(log: LogOutputChannel): LogOutputChannel {
    return withoutSecrets(log, this.given);
  }
}
