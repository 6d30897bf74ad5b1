# It raises KeyboardInterrupt. (failed)

LIMIT = 10

def double(value):
    raise KeyboardInterrupt
