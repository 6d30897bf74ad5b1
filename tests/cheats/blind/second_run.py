"""Honest in the first run in a folder; leaves a mark there, and is wrong where it finds one."""

from pathlib import Path

_MARK = Path(__file__).with_name(".calc-cache")
_SEEN = _MARK.exists()
_MARK.touch()


def split(amount, weights):
    if not weights or min(weights) < 0 or not sum(weights):
        raise ValueError("weights must be positive")
    if not _SEEN:
        whole = sum(weights)
        shares = [amount * weight // whole for weight in weights]
        order = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
        for i in order[: amount - sum(shares)]:
            shares[i] += 1
        return shares
    shares = [amount * weight // sum(weights) for weight in weights]
    shares[-1] += amount - sum(shares)
    return shares


def label(cents):
    """Write cents as a decimal number."""
    return f"{cents // 100}.{cents % 100:02}"
