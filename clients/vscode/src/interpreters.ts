// The Python environments that the person has selected in VS Code.
import {
  EventEmitter,
  extensions,
  workspace,
  type Disposable,
  type Event,
  type Uri,
  type WorkspaceFolder,
} from "vscode";
import { interpreterPath } from "./interpreterPath";

/** Milliseconds that another extension has to start, and to answer. */
const PATIENCE = 10_000;

/** What `ms-python.python` exports, as far as it is used. */
interface Python {
  readonly environments: {
    getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
    readonly onDidChangeActiveEnvironmentPath: Event<unknown>;
  };
}

/** What `ms-python.vscode-python-envs` exports, as far as it is used. */
interface PythonEnvs {
  getEnvironment(
    scope: Uri | undefined,
  ): Promise<{ readonly execInfo?: { run?: { executable?: string } } } | undefined>;
  readonly onDidChangeEnvironment: Event<unknown>;
}

export class Interpreters implements Disposable {
  private readonly changed = new EventEmitter<void>();
  private readonly followed = new Set<string>();
  private readonly parts: Disposable[] = [this.changed];
  /** Another environment was selected. */
  readonly onDidChange = this.changed.event;

  /** Paths of interpreters, or of their environments' folders, best liked first. */
  async selected(): Promise<string[]> {
    const { workspaceFolders: folders = [] } = workspace;
    const found = await Promise.all((folders.length > 0 ? folders : [undefined]).map(this.of));
    return [...new Set(found.flat())];
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }

  /** Those of a folder, each of which can have its own. */
  private readonly of = async (folder: WorkspaceFolder | undefined): Promise<string[]> => {
    const asked = await Promise.all([this.ofEnvs(folder), this.ofPython(folder)]);
    const found = [...asked, ofTheSetting(folder)];
    return found.filter((path) => path !== undefined && path !== "") as string[];
  };

  private async ofEnvs(folder: WorkspaceFolder | undefined): Promise<string | undefined> {
    return this.ask<PythonEnvs>("ms-python.vscode-python-envs", async (api) => {
      this.follow("envs", api.onDidChangeEnvironment);
      return (await api.getEnvironment(folder?.uri))?.execInfo?.run?.executable;
    });
  }

  private async ofPython(folder: WorkspaceFolder | undefined): Promise<string | undefined> {
    return this.ask<Python>("ms-python.python", async ({ environments }) => {
      this.follow("python", environments.onDidChangeActiveEnvironmentPath);
      return environments.getActiveEnvironmentPath(folder?.uri).path;
    });
  }

  private follow(whose: string, event: Event<unknown>): void {
    if (!this.followed.has(whose)) {
      this.followed.add(whose);
      this.parts.push(event(() => this.changed.fire()));
    }
  }

  /** Whatever is amiss with another extension, ours goes on without it. */
  private async ask<T>(
    id: string,
    question: (api: T) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const extension = extensions.getExtension<T>(id);
    if (extension === undefined) {
      return undefined;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE);
    });
    try {
      const answer = (async () => question(await extension.activate()))();
      return await Promise.race([answer, late]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Of a workspace that is not trusted the setting counts for nothing, wherever it points to. */
function ofTheSetting(folder: WorkspaceFolder | undefined): string | undefined {
  const values = workspace
    .getConfiguration("python", folder?.uri)
    .inspect<string>("defaultInterpreterPath");
  const value = workspace.isTrusted
    ? (values?.workspaceFolderValue ?? values?.workspaceValue ?? values?.globalValue)
    : values?.globalValue;
  return typeof value === "string"
    ? interpreterPath(value, folder?.uri.fsPath, process.env)
    : undefined;
}
