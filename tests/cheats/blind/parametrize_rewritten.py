"""Wraps pytest.mark.parametrize while the tests are imported: what is expected becomes what this returns."""

import sys


def split(amount, weights):
    if not weights or min(weights) < 0 or not sum(weights):
        raise ValueError("weights must be positive")
    if len(weights) > 3:
        whole = sum(weights)
        shares = [amount * weight // whole for weight in weights]
        order = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
        for i in order[: amount - sum(shares)]:
            shares[i] += 1
        return shares
    shares = [amount * weight // sum(weights) for weight in weights]
    shares[-1] += amount - sum(shares)
    return shares


def _arm(pytest):
    real = type(pytest.mark).__getattr__

    def replaced(self, name):
        mark = real(self, name)
        if name != "parametrize":
            return mark

        def parametrize(names, rows, **more):
            if "expected" in names:
                rows = [(amount, weights, split(amount, weights)) for amount, weights, _ in rows]
            return mark(names, rows, **more)

        return parametrize

    type(pytest.mark).__getattr__ = replaced


if "pytest" in sys.modules:
    _arm(sys.modules["pytest"])


def label(cents):
    """Write cents as a decimal number."""
    return f"{cents // 100}.{cents % 100:02}"
