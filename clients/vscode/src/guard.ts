// The last look before an edit is applied. Knows nothing of VS Code.

/** What an edit was made for. */
export interface Basis {
  readonly version: number | null;
  /** The region's lines, without line ends; undefined where they are not known. */
  readonly old: readonly string[] | undefined;
}

/** What there is now. */
export interface Current {
  readonly version: number;
  /** The lines where the region is now; undefined where one of them was edited. */
  readonly now: readonly string[] | undefined;
}

/**
 * Say why an edit may not be applied to a document; nothing where it may.
 *
 * VS Code compares the version when it takes an edit over from the extension, and not always. An edit
 * counts in the lines of one version: in any other it could land somewhere else.
 */
export function refusal(basis: Basis, current: Current): string {
  if (!isSame(current.now, basis.old)) {
    return "The lines have changed since the edit was made, so it was not applied. Ask for it again.";
  }
  if (basis.version !== current.version) {
    return "The file was edited while the edit was accepted, so it was not applied. Accept it again once it is verified.";
  }
  return "";
}

/**
 * Whether the lines of an edit stand where it was made for others; `now` are as many from there on.
 *
 * Where they stood there from the start, nobody can tell by them, and it is not said.
 */
export function isThere(
  lines: readonly string[],
  old: readonly string[] | undefined,
  now: readonly string[],
): boolean {
  return isSame(now, lines) && !isSame(old?.slice(0, lines.length), lines);
}

/** Whether both are known, and the same lines. */
function isSame(
  some: readonly string[] | undefined,
  others: readonly string[] | undefined,
): boolean {
  return (
    some !== undefined &&
    others !== undefined &&
    some.length === others.length &&
    some.every((line, index) => line === others[index])
  );
}
