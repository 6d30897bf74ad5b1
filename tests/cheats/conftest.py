"""Wrong edits that try to look right; the tests of the projects that they edit are not ours.

Each file beside a ``project`` is a whole new text of one of its modules. Those in ``known`` go for
something that the judge is known to look at; their first line says what a cold run's verdict is.
Those in ``blind`` (``shop/calc.py``, whose ``split`` gives wrong results for most amounts) were
written by somebody who had not seen how candidates are judged; under a plain ``pytest`` nearly all
of them are green. None may ever be ``passed``. `tests/unit/test_verify_cheats.py` tries them all.
"""

collect_ignore_glob = ["blind/*", "known/*"]
