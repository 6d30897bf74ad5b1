# It kills the process. (failed)

LIMIT = 10

import os

def double(value):
    os.kill(os.getpid(), 9)
