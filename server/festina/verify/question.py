"""What a fork server is asked: which texts are laid over its base, and what is run on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from festina.verify.watch import Watch


@dataclass(frozen=True, slots=True)
class Question:
    """One run in a child of a fork server.

    ``files`` maps relative paths to the texts that are laid over the base (None: the file is gone).
    ``swaps`` are for a ``collected`` server: the functions whose code is replaced (see
    `festina.verify.classify`). ``only`` are the ids to run, exactly these and in this order (of a
    ``fresh`` server, also paths of files, which stand for all tests in them);
    ``first`` those that a ``fresh`` server runs before the others. ``before`` and ``after`` stand
    for the texts of ``watch`` where changed lines are looked for: the same lines, with less around.
    ``needs`` are what must run for each of these lines, where that is known.
    """

    files: Mapping[str, str | None] = field(default_factory=dict)
    watch: Watch | None = None
    swaps: tuple[dict[str, Any], ...] = ()
    only: tuple[str, ...] | None = None
    first: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None
    needs: Mapping[int, list[tuple[int, str, int]]] | None = None

    def wire(self, workspace: Path, nonce: str) -> bytes:
        """Return the question as a child reads it: a line of JSON, then the texts as they are."""
        watch = self.watch
        old, new = ("", "")
        if watch is not None and self.needs is None:
            old = watch.old if self.before is None else self.before
            new = watch.new if self.after is None else self.after
        texts = {
            path: None if text is None else text.encode("utf-8", "surrogatepass")
            for path, text in self.files.items()
        }
        sizes = {path: None if text is None else len(text) for path, text in texts.items()}
        line = json.dumps(
            {
                "nonce": nonce,
                "sizes": sizes,
                "swaps": self.swaps,
                "path": str(workspace / watch.target.path) if watch else "",
                "old": old,
                "new": new,
                "hunks": watch.hunks if watch and watch.target.python else None,
                "needs": None if self.needs is None else list(self.needs.items()),
                "only": self.only,
                "ordered": True,
                "first": self.first,
            }
        )
        return b"".join([line.encode("ascii"), b"\n", *filter(None, texts.values())])
