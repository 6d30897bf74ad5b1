LIMIT = 10


def double(value):
    return value * 2
