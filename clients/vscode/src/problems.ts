// What VS Code lists among the problems.

interface Problem {
  readonly source?: string | undefined;
  severity: number;
}

/**
 * Give Festina's hints the severity `information`.
 *
 * The server marks an edit that is ready as a hint, and VS Code lists no hints: the diff would
 * vanish from the problems at the moment when it is to be read.
 */
export function listed<T extends Problem>(problems: T[], hint: number, information: number): T[] {
  for (const problem of problems) {
    if (problem.source === "festina" && problem.severity === hint) {
      problem.severity = information;
    }
  }
  return problems;
}
