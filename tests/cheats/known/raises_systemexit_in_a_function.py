# It raises SystemExit in a function. (failed)

LIMIT = 10

def double(value):
    raise SystemExit(0)
