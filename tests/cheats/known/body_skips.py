# It skips, with all of it in the function's body. (failed)

LIMIT = 10


def double(value):
    import pytest
    pytest.skip()
