"""Hypothesis reads a project's sources to find values that may be worth trying.

That makes no test depend on a source: which of the values are drawn is left to chance. But what new
code compares with has to be among them, as it is after an import of that code. Beside
:mod:`~festina.verify.inside.session`: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

READER = "hypothesis.internal.constants_ast"
_PROVIDERS = "hypothesis.internal.conjecture.providers"


def renewable() -> bool:
    """Whether :func:`renew` knows how this version keeps what it has read."""
    return isinstance(getattr(sys.modules.get(_PROVIDERS), "_seen_modules", None), set)


def renew(root: str, paths: Iterable[str]) -> None:
    """Have it read some sources again, before it draws the next value."""
    if not renewable():
        return
    providers: Any = sys.modules[_PROVIDERS]
    wanted = {os.path.join(root, path) for path in paths}
    names = {os.path.basename(path) for path in wanted}
    found = False
    for module in list(sys.modules.values()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if not isinstance(file, str) or os.path.basename(file) not in names:
            continue
        if os.path.realpath(file) in wanted:
            providers._seen_modules.discard(id(module))
            found = True
    if found:
        providers._sys_modules_len = None  # so that it looks for modules that it has not seen
        read = providers.constants_from_module
        providers.constants_from_module = getattr(read, "__wrapped__", read)  # it keeps answers
