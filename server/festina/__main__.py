"""Start of the ``festina`` command; also ``python -m festina``.

This file alone must be understood by every Python 3, so that an old one can be told what to do.
"""

import signal
import sys

OLDEST = (3, 11)
INTERRUPTED = 130


def main():  # type: () -> int
    """Run the command line and return its exit code."""
    if sys.version_info < OLDEST:
        sys.stderr.write(
            "festina: this is Python {}.{}, and Festina needs {}.{} or newer. "
            "Install it with a newer one, such as: python3.12 -m pip install festina\n".format(
                *sys.version_info[:2], *OLDEST
            )
        )
        return 2
    try:
        from festina import cli

        code = cli.main()
    except KeyboardInterrupt:  # before there was anything to stop
        code = INTERRUPTED
    if (
        code == INTERRUPTED
    ):  # one more control-C must not spoil the end of an impatient person's wait
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


if __name__ == "__main__":
    sys.exit(main())
