# It imports by a name that it makes up. (unverified)

LIMIT = 10

system = __import__("o" + "s")

def double(value):
    return value * 2
