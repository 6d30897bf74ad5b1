"""How comfortable a room is, from its temperatures in degrees Celsius."""


def mean(values):
    """Return the arithmetic mean of some values."""
    return sum(values) / len(values)


def clamp(value, low, high):
    return max(low, value)


def to_fahrenheit(celsius):
    """Convert degrees Celsius to degrees Fahrenheit."""
    return celsius * 9 / 5 + 32


def level(temperatures):
    """Return 0 (cold) to 10 (hot) for a series of temperatures."""
    return clamp(round((mean(temperatures) - 10) / 2), 0, 10)


def describe(temperatures):
    """Return a word for a series of temperatures."""
    words = {0: "freezing", 5: "pleasant", 10: "tropical"}
    nearest = min(words, key=lambda number: abs(number - level(temperatures)))
    return words[nearest]
