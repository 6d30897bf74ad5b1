// VS Code's settings for the server: who set what, and where. What holds a key is left out.
import { Uri, workspace, type WorkspaceConfiguration } from "vscode";
import { pasted } from "./secrets";
import { ofTheMachine, ofTheWorkspace, type Declared, type Inspect, type Tables } from "./settings";

interface Manifest {
  readonly capabilities: { readonly untrustedWorkspaces: { restrictedConfigurations: string[] } };
  readonly contributes: {
    readonly configuration: readonly { readonly properties: Declared }[];
  };
}

export class Configured {
  private readonly declared: Declared;
  private readonly restricted: ReadonlySet<string>;

  /** `manifest` is the extension's own. */
  constructor(manifest: Manifest) {
    const { configuration } = manifest.contributes;
    this.declared = Object.assign({}, ...configuration.map((each) => each.properties)) as Declared;
    this.restricted = new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations);
  }

  /** A setting of the extension's own that no workspace has a say in. */
  own(name: "server.path" | "server.package"): string {
    const value = this.inspect()(`festina.${name}`)?.globalValue;
    return typeof value === "string" ? value : "";
  }

  /** The addresses of the models that the settings name. */
  get addresses(): string[] {
    const inspect = this.inspect();
    return ["fast", "slow"].flatMap((name) => {
      const address = inspect(`festina.models.${name}.baseUrl`)?.globalValue;
      return typeof address === "string" ? [address] : [];
    });
  }

  /** The fast model's name, where the person has set it; else empty. */
  get model(): string {
    const name = this.inspect()("festina.models.fast.model")?.globalValue;
    return typeof name === "string" ? name : "";
  }

  /** For the initialization options. */
  ofTheMachine(): Tables {
    return ofTheMachine(this.declared, this.inspect());
  }

  /** For `workspace/configuration`, of the folder with that address. */
  ofTheWorkspace(scope: string | undefined): Tables {
    const restricted = workspace.isTrusted ? new Set<string>() : this.restricted;
    return ofTheWorkspace(this.declared, this.inspect(scope), restricted);
  }

  /** The names of the settings of the machine: the server has to be started anew when one changes. */
  get machine(): string[] {
    return Object.keys(this.declared).filter((name) => this.declared[name]?.scope === "machine");
  }

  /** The settings that hold a key, by their names. */
  withKeys(): string[] {
    return pasted([...this.all()]);
  }

  /** A setting with a key in it is not there for anybody. */
  private inspect(scope?: string): Inspect {
    const withKeys = new Set(this.withKeys());
    const inspect = inspector(scope);
    return (name) => (withKeys.has(name) ? undefined : inspect(name));
  }

  /** All values of all settings below `festina`, also of those that there are not. */
  private *all(): Generator<[string, unknown]> {
    const folders = (workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString());
    for (const scope of [undefined, ...folders]) {
      const inspect = inspector(scope);
      for (const name of Object.keys(this.declared)) {
        const values = inspect(name);
        yield [name, [values?.globalValue, values?.workspaceValue, values?.workspaceFolderValue]];
      }
      yield* this.unknown(settingsOf(scope).get<Tables>("festina") ?? {}, "festina");
    }
  }

  private *unknown(tables: Tables, prefix: string): Generator<[string, unknown]> {
    for (const [key, value] of Object.entries(tables)) {
      const name = `${prefix}.${key}`;
      if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        if (!(name in this.declared)) {
          yield* this.unknown(value as Tables, name);
        }
      } else if (!(name in this.declared)) {
        yield [name, value];
      }
    }
  }
}

function inspector(scope?: string): Inspect {
  const settings = settingsOf(scope);
  return (name) => settings.inspect(name);
}

function settingsOf(scope: string | undefined): WorkspaceConfiguration {
  return workspace.getConfiguration(undefined, scope === undefined ? null : Uri.parse(scope));
}
