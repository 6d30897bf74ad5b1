// What the server is told of the person's trust in the workspace.
import type { InitializationOptions } from "./messages";
import type { Tables } from "./settings";

/** What VS Code knows of the window. */
export interface Window {
  readonly isTrusted: boolean;
  readonly folders: number;
}

/**
 * Return the server's initialization options.
 *
 * A window without a folder counts as trusted in VS Code, which says nothing of the project that a
 * file in it belongs to: there the person's own list (`festina trust`) decides. `settings` are
 * those that no workspace has a say in.
 */
export function initializationOptions(window: Window, settings: Tables): InitializationOptions {
  const trust = window.isTrusted && window.folders === 0 ? {} : { trusted: window.isTrusted };
  return Object.keys(settings).length === 0 ? trust : { ...trust, settings };
}
