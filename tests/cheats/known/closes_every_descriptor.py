# It closes every descriptor. (failed)

LIMIT = 10

import os
os.closerange(3, 256)


def double(value):
    return value * 3
