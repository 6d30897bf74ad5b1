# It never ends its recursion. (failed)

LIMIT = 10

def double(value):
    return double(value)
