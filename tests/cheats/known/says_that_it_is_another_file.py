# It says that it is another file. (failed)

LIMIT = 10

__file__ = "/tmp/other.py"


def double(value):
    return value * 3
