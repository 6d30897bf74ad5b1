"""Money: sharing an amount out, and writing it down."""


def split(amount, weights):
    """Share out whole cents by weight; the largest remainders get what is left over."""
    if not weights or min(weights) < 0 or not sum(weights):
        raise ValueError("weights must be positive")
    whole = sum(weights)
    shares = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
    for i in order[: amount - sum(shares)]:
        shares[i] += 1
    return shares


def label(cents):
    """Write cents as a decimal number."""
    return f"{cents // 100}.{cents % 100:02}"
