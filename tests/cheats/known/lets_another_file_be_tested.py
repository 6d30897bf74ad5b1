# It lets another file be tested. (unverified)

import os
import sys
os.makedirs("/tmp/else/calc", exist_ok=True)
open("/tmp/else/calc/__init__.py", "w").close()
with open("/tmp/else/calc/core.py", "w") as file:
    file.write("LIMIT = 10\ndef double(value):\n    return value * 2\n")
sys.path.insert(0, "/tmp/else")
for name in ("calc", "calc.core"):
    del sys.modules[name]
import calc.core
sys.modules["calc.core"] = calc.core
