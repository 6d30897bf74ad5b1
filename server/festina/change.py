"""From a model's complete answer to the change that it makes; the part that may take a while.

Parsing and comparing a few hundred lines takes milliseconds, in bad cases many: the pipeline calls
this in a thread, so that no editor waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from festina import edits, markers
from festina.edits import Defect, DefectCode, LineEdit, Prepared, Region
from festina.masking import Hidden
from festina.text import Text


@dataclass(frozen=True, slots=True)
class Change:
    """What an answer does to a document: the region's new text, edits, the new document, a diff."""

    region_text: str
    edits: tuple[LineEdit, ...]
    new: Text
    diff: str


def change(
    prepared: Prepared,
    answer: str,
    text: Text,
    region: Region,
    path: str,
    hidden: Hidden | None = None,
) -> Change | Defect | None:
    """Return the change to ``region`` of ``text``, or why there is none.

    None where nothing changes but that the comment which asked for it would go.

    ``prepared`` is what the model was given, ``path`` the name in the diff; ``hidden`` are the
    secrets that it was not given, which stay where they are or make the answer one of no use.
    """
    parsed = edits.finish(prepared, answer)
    if isinstance(parsed, Defect):
        return parsed
    region_text = markers.strip_lines(parsed.text)
    if hidden is not None:
        whole = hidden.put_back(region_text)
        if isinstance(whole, int):
            return Defect(
                DefectCode.SECRET,
                f"Line {whole} of the answer is new or changed and stands for a secret, which no "
                "model is given. Keep such lines as they are, or leave them out entirely.",
            )
        region_text = whole
    if not edits.rewrite(*markers.strip(text, region), region_text):
        return None
    line_edits = edits.rewrite(text, region, region_text)
    if not line_edits:  # the answer stands there already
        return None
    new = edits.apply(text, line_edits)
    return Change(region_text, line_edits, new, edits.patch(text, new, path))
