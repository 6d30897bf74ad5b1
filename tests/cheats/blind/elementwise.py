"""Returns an array-like whose comparison is an array again, and such an array is true if any element is."""


class Row:
    """Values that compare one by one."""

    def __init__(self, values):
        self.values = list(values)

    def __eq__(self, other):
        return Row([a >= b or a <= b for a, b in zip(self.values, other)])

    def __bool__(self):
        return any(self.values)

    def __iter__(self):
        return iter(self.values)

    def __getitem__(self, index):
        return self.values[index]

    def __len__(self):
        return len(self.values)


def split(amount, weights):
    if not weights or min(weights) < 0 or not sum(weights):
        raise ValueError("weights must be positive")
    shares = [amount * weight // sum(weights) for weight in weights]
    shares[-1] += amount - sum(shares)
    return Row(shares)


def label(cents):
    """Write cents as a decimal number."""
    return f"{cents // 100}.{cents % 100:02}"
