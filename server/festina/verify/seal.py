"""Notices when code under test replaces what judges it.

Beside the pytest plugin: standard library and pytest only, Python 3.8 or newer. What pytest, our
plugin and the builtins consist of is noted before any code of the project is imported, and compared
between test files. What the baseline replaces too (plugins patch pytest) is subtracted later.
"""

from __future__ import annotations

import os
import sys
import unittest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

_JUDGES = ("pytest", "_pytest", "pluggy", unittest.__name__)
_KINDS = (property, staticmethod, classmethod)


class Seal:
    """Knows what was where at the start; :meth:`check` adds to ``broken`` what is not any more.

    ``plugins`` is pytest's plugin manager. All its hooks are in ``broken``: which of them are new
    shows in the comparison with the baseline.
    """

    def __init__(self, ours: Iterable[ModuleType], objects: Iterable[object] = ()) -> None:
        self.broken: set[str] = set()
        self.hooks: dict[tuple[str, int], Any] = {}  # kept, so that no other one gets its number
        self.plugins: Any = None
        self.file = ""
        own = {id(module) for module in ours}
        self.modules = {
            name: module
            for name, module in sys.modules.items()
            if name.partition(".")[0] in _JUDGES or id(module) in own
        }
        self.modules["builtins"] = sys.modules["builtins"]
        self.objects: list[tuple[object, dict[str, Any]]] = []
        self.watch(*objects)
        self.originals: list[tuple[str, dict[str, Any], str, Any]] = []
        self.changes: Any = None
        self.holders: list[dict[str, Any]] = []
        self.by_holder: dict[int, list[tuple[str, dict[str, Any], str, Any]]] = {}
        for name, module in self.modules.items():
            self._note(name, module)
        self.here = os.getcwd() + os.sep  # noqa: PTH109 - 3.8, early, cheap

    def watch(self, *objects: object) -> None:
        """Note what these objects of ours consist of, from now on."""
        self.objects += [(thing, dict(vars(thing))) for thing in objects]

    def _note(self, name: str, module: ModuleType) -> None:
        for attribute, value in vars(module).items():
            if not callable(value) or attribute == "_":  # gettext's, and an interactive session's
                continue
            self.originals.append((f"{name}.{attribute}", vars(module), attribute, value))
            if isinstance(value, type) and value.__module__ == name and name != "builtins":
                self.originals += [
                    (f"{name}.{attribute}.{inner}", vars(value), inner, part)  # type: ignore[misc]
                    for inner, part in vars(value).items()
                    if callable(part) or isinstance(part, _KINDS)
                ]

    def settle(self, dicts: Any) -> None:
        """Compare, and from now on only what lies in dictionaries that are changed.

        ``dicts`` is :mod:`festina_dicts`. Does nothing where this interpreter cannot tell.
        """
        self.check()
        for original in self.originals:
            holder = dicts.dict_of(original[1])
            if holder is None:
                return
            self.by_holder.setdefault(id(holder), []).append(original)
        self.holders = [dicts.dict_of(holder) for _, holder, _, _ in self.originals]
        changes = dicts.Changes([sys.modules, *self.holders])
        self.changes = changes if changes.works else None

    def check(self) -> None:
        """Compare with how things were."""
        originals: Iterable[tuple[str, dict[str, Any], str, Any]] = self.originals
        modules = self.modules
        if self.changes is not None:
            changed = self.changes.changed()
            originals = [one for holder in changed for one in self.by_holder.get(holder, ())]
            modules = modules if id(sys.modules) in changed else {}
        for name, holder, attribute, value in originals:
            if holder.get(attribute) is not value:
                self.broken.add(name)
        for name, module in modules.items():
            if sys.modules.get(name) is not module:
                self.broken.add(f"the module {name}")
        for thing, kept in self.objects:
            for attribute, value in kept.items():
                fixed = callable(value) or isinstance(value, (str, int)) or _is_ours(value)
                if fixed and not isinstance(value, bool) and vars(thing)[attribute] != value:
                    self.broken.add(f"{type(thing).__name__}.{attribute}")
            if len(vars(thing)) != len(kept):
                self.broken.add(type(thing).__name__)
        self._note_hooks()

    def _note_hooks(self) -> None:
        for hook, caller in vars(self.plugins.hook).items():
            for implementation in getattr(caller, "get_hookimpls", list)():
                if (hook, id(implementation)) not in self.hooks:
                    self.hooks[hook, id(implementation)] = implementation
                    self.broken.add(f"{hook} by {self._named(implementation)}")

    def _named(self, implementation: Any) -> str:
        """Name a plugin the same in every run: not by its number or the place of a copy."""
        name = str(implementation.plugin_name)
        if name.isdigit():
            kind = type(implementation.plugin)
            return f"{kind.__module__}.{kind.__qualname__}"
        return name.replace(self.here, "")


def _is_ours(value: object) -> bool:
    return type(value).__module__.startswith("festina_")
