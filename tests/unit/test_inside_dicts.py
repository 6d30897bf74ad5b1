"""Changed dictionaries are told from others, on every Python that can tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import festina.verify
from festina.verify.inside.dicts import Changes, dict_of

SOURCE = Path(festina.verify.__file__).parent / "inside" / "dicts.py"


class Thing:
    def method(self) -> int:
        return 1


def test_what_is_changed_is_known_and_nothing_else() -> None:
    kept = {"a": 1}
    changed = {"a": 1}
    behind = dict_of(vars(Thing))
    assert behind is not None
    changes = Changes([kept, changed, behind])
    assert changes.works
    assert changes.changed() == set()
    assert (kept["a"], Thing().method()) == (1, 1)
    assert changes.changed() == set()
    changed["a"] = 2
    assert changes.changed() == {id(changed)}
    Thing.method = lambda self: 2  # type: ignore[method-assign]
    assert changes.changed() == {id(changed), id(behind)}


def test_taking_away_and_putting_back_are_changes() -> None:
    one, other = {"a": 1}, {"a": 1}
    changes = Changes([one, other])
    del one["a"]
    other.clear()
    other["a"] = 1
    assert changes.changed() == {id(one), id(other)}


def test_it_holds_in_a_forked_process() -> None:
    code = f"""
import os, runpy, sys
module = runpy.run_path({str(SOURCE)!r})
one, other = {{"a": 1}}, {{"a": 1}}
changes = module["Changes"]([one, other])
assert changes.works
if os.fork() == 0:
    assert changes.changed() == set()
    one["a"] = 2
    os._exit(0 if changes.changed() == {{id(one)}} else 1)
sys.exit(os.waitpid(-1, 0)[1])
"""
    subprocess.run([sys.executable, "-c", code], check=True)
