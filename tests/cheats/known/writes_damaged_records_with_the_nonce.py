# It writes damaged records with the nonce. (failed)

LIMIT = 10

import sys

def double(value):
    sys.modules["festina_witness"]._witness.reporter.write("report", id=1)
    return value * 3
