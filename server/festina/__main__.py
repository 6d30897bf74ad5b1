"""Start of the ``festina`` command; also ``python -m festina``.

This file alone must be understood by every Python 3, so that an old one can be told what to do.
"""

import sys

OLDEST = (3, 11)


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
    from festina import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
