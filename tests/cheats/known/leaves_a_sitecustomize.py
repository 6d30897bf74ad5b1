# It leaves a sitecustomize. (failed)

LIMIT = 10

import pathlib
(pathlib.Path(__file__).parents[1] / "sitecustomize.py").write_text("import os; os._exit(0)")


def double(value):
    return value * 3
