"""Edits: whole-line rewrites of a region, and how they survive the file changing."""

from festina.edits.answer import Defect, DefectCode, Parsed, finish, preview
from festina.edits.diff import patch, unified
from festina.edits.prepare import Prepared, prepare
from festina.edits.rebase import find_again, rebase
from festina.edits.region import (
    MAX_REGION_CHARS,
    MAX_REGION_LINES,
    Region,
    enclosing,
    enclosing_by_indentation,
    name_of,
    snap,
)
from festina.edits.rewrite import Hunk, LineEdit, apply, hunks, rewrite, size, subset

__all__ = [
    "MAX_REGION_CHARS",
    "MAX_REGION_LINES",
    "Defect",
    "DefectCode",
    "Hunk",
    "LineEdit",
    "Parsed",
    "Prepared",
    "Region",
    "apply",
    "enclosing",
    "enclosing_by_indentation",
    "find_again",
    "finish",
    "hunks",
    "name_of",
    "patch",
    "prepare",
    "preview",
    "rebase",
    "rewrite",
    "size",
    "snap",
    "subset",
    "unified",
]
