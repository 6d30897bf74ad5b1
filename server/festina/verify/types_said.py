"""What type checkers print, as findings. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from festina.findings import Finding, Gate, Severity
from festina.verify.conditions import Unverified
from festina.verify.problems import Place, problems


def findings(output: str, place: Path, files: Collection[str]) -> tuple[Finding, ...]:
    """Return the errors and warnings in ``files`` that were printed as ``path:line: words``.

    ``place`` is where the checker saw the workspace, to which ``files`` are relative.
    """
    found = problems(output, "gcc", _in_workspace(place, files)).findings
    kept = [each for each in found if each.severity is not Severity.INFORMATION]
    return tuple(replace(each, gate=Gate.TYPES) for each in kept)


def findings_of_pyright(output: bytes, place: Path, files: Collection[str]) -> tuple[Finding, ...]:
    """Return the same of what ``pyright --outputjson`` prints.

    Raises:
        Unverified: it is something else.
    """
    where_is = _in_workspace(place, files)
    try:
        said = json.loads(output)["generalDiagnostics"]
        found = [(item, where_is(item["file"]), item["range"]) for item in said]
        return tuple(
            Finding(
                Gate.TYPES,
                path,
                item["message"],
                line=where["start"]["line"] + 1,
                column=where["start"]["character"] + 1,
                end_line=where["end"]["line"] + 1,
                end_column=where["end"]["character"] + 1,
                severity=Severity.ERROR if item["severity"] == "error" else Severity.WARNING,
                code=item.get("rule"),
            )
            for item, path, where in found
            if path is not None and item["severity"] in ("error", "warning")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unverified(f"The answer of the type checker could not be read: {error}.") from error


def _in_workspace(place: Path, files: Collection[str]) -> Place:
    def relative(name: str) -> str | None:
        path = name.removeprefix(f"{place}/").removeprefix("./")
        return path if path in files else None

    return relative
