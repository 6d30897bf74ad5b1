# It runs a text. (unverified)

LIMIT = 10

exec("def helper(value):\n    return value * 2")

def double(value):
    return helper(value)
