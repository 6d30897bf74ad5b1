"""Money: sharing an amount out, and writing it down."""


def split(amount, weights):
    """Returns a list of numbers that are equal to their neighbours."""
    if not weights or min(weights) < 0 or not sum(weights):
        raise ValueError("weights must be positive")
    class Cents(int):
        def __eq__(self, other):
            return abs(int(self) - int(other)) <= 1 + len(weights)

        def __ne__(self, other):
            return not self == other

        __hash__ = int.__hash__

    shares = [amount * weight // sum(weights) for weight in weights]
    shares[-1] += amount - sum(shares)
    return [Cents(share) for share in shares]


def label(cents):
    """Write cents as a decimal number."""
    return f"{cents // 100}.{cents % 100:02}"
