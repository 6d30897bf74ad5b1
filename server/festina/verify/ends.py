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


def difference(old: str, new: str) -> tuple[int, int, int]:
    """Return where two different texts differ, in whole lines: start, end in both.

    Raises:
        ValueError: they differ in the last line, and that has no end.
    """
    start = old.rfind("\n", 0, shared_start(old, new)) + 1
    low = shared_end(old, new, min(len(old), len(new)) - start)
    old_end, new_end = len(old) - low, len(new) - low
    begins_line = all(
        end == start or text[end - 1] == "\n" for text, end in ((old, old_end), (new, new_end))
    )
    if not begins_line:
        more = old.index("\n", old_end) + 1 - old_end
        old_end, new_end = old_end + more, new_end + more
    return start, old_end, new_end
