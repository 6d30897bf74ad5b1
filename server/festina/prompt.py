"""Prompts: what exactly is sent to a model. Stable text first, region and instruction last."""

from __future__ import annotations

from collections.abc import Sequence

from festina.edits import Prepared
from festina.findings import Finding
from festina.models.base import Message, Request

SYSTEM = (
    "You rewrite a region of a source file. Answer with the complete new text of that region in "
    "one fenced code block, and nothing else: no explanation, no placeholders, no lines from "
    "outside the region. Keep everything that the instruction does not ask to change."
)
SMALL_SYSTEM = "You fix Python code. Answer with the whole corrected code in one ```python block."

CHARS_PER_TOKEN = 3
SLACK_TOKENS = 256
MOST_FINDINGS = 5
DETAIL_CHARS = 1500

_EXAMPLE_ASK = (
    'Code:\n```python\ndef greet(name):\n    return "Hello" + name\n```\n'
    "Task: there is no space before the name"
)
_EXAMPLE_ANSWER = '```python\ndef greet(name):\n    return "Hello " + name\n```'
"""It shows the form of an answer and nothing of what people ask for: `festina try` would prove
little if its answer stood in the prompt."""


def build(
    prepared: Prepared,
    instruction: str,
    *,
    path: str,
    language: str,
    attempt: int,
    findings: Sequence[Finding] = (),
    previous: str | None = None,
    small: bool = False,
) -> Request:
    """Return the request for one candidate.

    ``attempt`` numbers the candidates of a proposal: the first is asked for at a low temperature,
    the others at higher ones and with other seeds. ``findings`` are what the last answer was
    rejected for, ``previous`` is that answer, or as much as had come of it before a redirect.
    ``max_tokens`` is about one and a half times the region plus 256 (the provider may reserve quota
    for all of it).
    """
    if small:
        messages = _small(prepared, instruction, findings)
    else:
        messages = (
            Message("system", SYSTEM),
            Message("user", _user(prepared, instruction, path, language, findings, previous)),
        )
    tokens = len(prepared.source) / CHARS_PER_TOKEN
    return Request(
        messages,
        max_tokens=int(tokens * 1.5) + SLACK_TOKENS,
        temperature=_temperature(attempt, small=small),
        seed=attempt + 1,
    )


def _temperature(attempt: int, *, small: bool) -> float:
    if small:
        return 0.3 + 0.1 * (attempt % 8)
    return min(1.0, 0.2 + 0.1 * attempt)


def _small(
    prepared: Prepared, instruction: str, findings: Sequence[Finding]
) -> tuple[Message, ...]:
    """One worked example and little else: a very small model imitates, it does not follow."""
    ask = f"Code:\n```python\n{prepared.source}```\nTask: {instruction}"
    if findings:
        ask += f"\nA first try failed: {findings[0].message.splitlines()[0]}"
    return (
        Message("system", SMALL_SYSTEM),
        Message("user", _EXAMPLE_ASK),
        Message("assistant", _EXAMPLE_ANSWER),
        Message("user", ask),
    )


def _user(
    prepared: Prepared,
    instruction: str,
    path: str,
    language: str,
    findings: Sequence[Finding],
    previous: str | None,
) -> str:
    parts = [f"File: {path} ({language})"]
    if prepared.before:
        parts.append("Before the region, for reading only:\n" + _block(prepared.before))
    if prepared.after:
        parts.append("After the region, for reading only:\n" + _block(prepared.after))
    parts.append(f"The region to rewrite:\n{_fenced(prepared.source)}")
    if previous:
        parts.append(f"Your answer so far:\n{_fenced(previous)}")
    if findings:
        parts.append("It was rejected:\n" + "\n".join(map(_finding, findings[:MOST_FINDINGS])))
    parts.append(f"Instruction: {instruction}")
    return "\n\n".join(parts)


def _finding(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}: " if finding.path and finding.line else ""
    code = f"{finding.code} " if finding.code else ""
    words = f"- {where}{code}{finding.message}"
    return f"{words}\n{finding.detail[-DETAIL_CHARS:]}" if finding.detail else words


def _block(lines: Sequence[str]) -> str:
    return _fenced("\n".join(lines) + "\n")


def _fenced(code: str) -> str:
    """Fence code with more marks than it holds itself."""
    marks = "```"
    while marks in code:
        marks += "`"
    return f"{marks}\n{code if code.endswith(chr(10)) else code + chr(10)}{marks}"
