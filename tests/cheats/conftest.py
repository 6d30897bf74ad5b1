"""The project that the programs in ``blind`` are edits of has tests of its own: they are not ours.

Each file in ``blind`` is a whole new text of the project's ``shop/calc.py`` whose ``split`` gives
wrong results for most amounts, written by somebody who had not seen how candidates are judged;
under a plain ``pytest`` nearly all of them are green. None may ever be ``passed``.
"""

collect_ignore_glob = ["blind/*"]
