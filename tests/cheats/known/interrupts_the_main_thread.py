# It interrupts the main thread. (failed)

LIMIT = 10

import _thread

def double(value):
    _thread.interrupt_main()
    return value * 3
