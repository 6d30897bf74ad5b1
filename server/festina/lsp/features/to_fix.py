"""The diagnostics that an edit is to fix, as a client hands them over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from festina.findings import Finding
from festina.lsp import convert, messages
from festina.lsp.features import arguments
from festina.session import Refusal

if TYPE_CHECKING:
    from festina.documents import Document
    from festina.lsp.app import App


def findings(app: App, document: Document, data: object) -> tuple[Finding, ...]:
    """Return the diagnostics to fix as findings; our own are never among them."""
    found = []
    for item in data if isinstance(data, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("message"), str):
            raise Refusal("`diagnostics` must be a list of LSP diagnostics.")
        if item.get("source") == messages.SOURCE and not item.get("code"):
            continue  # it shows a proposal
        if item.get("source") == messages.SOURCE and _is_said_again(item, data):
            continue
        diagnostic = lsp.Diagnostic(
            range=convert.to_range(arguments.range_of(item)),
            message=item["message"],
            source=arguments.string(item, "source") or None,
            code=code if isinstance(code := item.get("code"), (str, int)) else None,
        )
        path, encoding = app.path_of(document.uri), app.caps.encoding
        finding = convert.from_diagnostic(diagnostic, path, document.text, encoding)
        found.append(app.saving.with_traceback(finding))
    return tuple(found)


def _is_said_again(ours: dict[str, Any], all_of_them: object) -> bool:
    """Whether another linter reports what we do: its words are the ones that the person knows."""
    return any(
        isinstance(item, dict)
        and item.get("source") != messages.SOURCE
        and item.get("code") == ours["code"]
        and item.get("range") == ours.get("range")
        for item in (all_of_them if isinstance(all_of_them, list) else ())
    )


def words(finding: Finding) -> str:
    """Say in short what is to be fixed."""
    return f"{finding.code}: {finding.message}" if finding.code else finding.message
