# It lets the warnings sleep. (failed)

LIMIT = 10

import warnings
warnings.simplefilter("ignore")


def double(value):
    return value * 3
