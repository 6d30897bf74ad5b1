"""The ``sitecustomize`` of Pythons that a followed test starts: joins the trail, then steps aside.

It lies alone in a folder of its own, first on the child's ``PYTHONPATH``. Python 3.8 or newer.
"""

from __future__ import annotations

import importlib
import json
import os
import sys


def _join() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if entry != here]
    said = os.environ.pop("FESTINA_TRAIL_CHILD", None)
    if said is None:
        return
    setup = json.loads(said)
    if setup["pythonpath"] is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = setup["pythonpath"]
    ours = os.path.dirname(here)
    sys.path.insert(0, ours)
    try:
        importlib.import_module("festina_trail_processes").begin(setup)
    finally:
        sys.path.remove(ours)


_join()
_own = sys.modules.pop("sitecustomize", None)
try:
    importlib.import_module("sitecustomize")  # the project's, if it has one
except ImportError as _error:
    if _error.name != "sitecustomize":
        raise
finally:
    if _own is not None:
        sys.modules.setdefault("sitecustomize", _own)
