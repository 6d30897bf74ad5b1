# It becomes another program. (failed)

LIMIT = 10

import os
import sys

def double(value):
    os.execv(sys.executable, [sys.executable, "-c", "pass"])
