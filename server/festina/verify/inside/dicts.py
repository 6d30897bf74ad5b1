"""Tells which of many dictionaries were changed, without touching those that were not.

A forked child shares its memory until somebody writes into it, and looking at an object writes into
it: it is counted that somebody looks. CPython itself knows which dictionaries were changed: by a
number in each up to 3.11 (PEP 509), by telling whoever asks from 3.12 on (``PyDict_Watch``).
"""

from __future__ import annotations

import array
import atexit
import ctypes
import gc
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VERSION = 24
"""Where the number is in a dictionary: after the count of references, the type and the size."""
_CALLBACK = ctypes.PYFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


def dict_of(mapping: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the dictionary behind ``vars()`` of a class, or of anything else."""
    if type(mapping) is dict:
        return mapping
    behind = [thing for thing in gc.get_referents(mapping) if type(thing) is dict]
    return behind[0] if len(behind) == 1 else None


class Changes:
    """Watches dictionaries from now on. ``works`` is false where this interpreter cannot tell.

    They have to live for as long as it does.
    """

    def __init__(self, dicts: Iterable[dict[str, Any]]) -> None:
        self._addresses = array.array("Q", dict.fromkeys(map(id, dicts)))
        self._versions = array.array("Q")
        self._changed: set[int] = set()
        self._probe = probe = {"a": 1}
        try:
            self._start(probe)
            before = self.changed()
            probe["a"] = 2
            self.works = not before and self.changed() == {id(probe)}
        except (AttributeError, OSError, ValueError):
            self.works = False
        self._changed.clear()
        if self._versions:
            del self._addresses[-1], self._versions[-1]

    def _start(self, probe: dict[str, int]) -> None:
        if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
            raise ValueError("another layout")
        if sys.version_info < (3, 12):
            self._addresses.append(id(probe))
            self._versions.extend(map(_version, self._addresses))
            return
        changed = self._changed

        def on_event(_event: int, address: int, _key: int, _value: int) -> int:
            changed.add(address)
            return 0

        self._callback = _CALLBACK(on_event)
        api = ctypes.pythonapi
        watcher = api.PyDict_AddWatcher(self._callback)
        atexit.register(api.PyDict_ClearWatcher, watcher)  # nobody is to be told after that
        for address in (*self._addresses, id(probe)):
            if watcher < 0 or api.PyDict_Watch(watcher, ctypes.c_void_p(address)) < 0:
                raise ValueError("it does not watch")

    def changed(self) -> set[int]:
        """Return the ``id()`` of each that was changed, whatever is in it now."""
        if not self._versions:
            return set(self._changed)
        versions = self._versions
        return {
            address
            for index, address in enumerate(self._addresses)
            if _version(address) != versions[index]
        }


def _version(address: int) -> int:
    return ctypes.c_uint64.from_address(address + _VERSION).value
