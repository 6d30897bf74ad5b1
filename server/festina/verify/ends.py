"""What two texts share at their beginnings and ends, found without looking at each line. Pure."""

from __future__ import annotations


def shared_start(old: str, new: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def shared_end(old: str, new: str, most: int) -> int:
    """Return how many characters, at most ``most``, two texts have in common at their ends."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        ours = old[len(old) - middle : len(old) - low]
        if ours == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low
