# It is told that the tests are none. (failed)

LIMIT = 10

__test__ = False
double = None
