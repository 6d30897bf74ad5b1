"""What the value of a setting may be: each check returns the value, or says what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit


class Invalid(Exception):  # noqa: N818 - reads as the sentence it makes
    """A value that a check refuses; the text says what is allowed."""


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise Invalid("must be a string")
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Invalid("must be true or false")
    return value


def number(low: float, high: float) -> Callable[[Any], float]:
    """A number within bounds."""

    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Invalid(f"must be a number from {low:g} to {high:g}")
        if not low <= value <= high:
            raise Invalid(f"must be from {low:g} to {high:g}")
        return float(value)

    return check


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A whole number within bounds."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Invalid(f"must be a whole number from {low} to {high}")
        return value

    return check


def one_of(*names: str) -> Callable[[Any], str]:
    """One of a few words."""

    def check(value: Any) -> str:
        if value not in names:
            raise Invalid(f"must be one of {_listed(names)}")
        return str(value)

    return check


def some_of(*names: str) -> Callable[[Any], tuple[str, ...]]:
    """A list of some of a few words; returned in the order of ``names``."""

    def check(value: Any) -> tuple[str, ...]:
        given = texts(value)
        if not given or not set(given) <= set(names):
            raise Invalid(f"must list some of {_listed(names)}")
        return tuple(name for name in names if name in given)

    return check


def texts(value: Any) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise Invalid("must be a list of strings")
    return tuple(value)


def absolute(value: Any) -> tuple[str, ...]:
    """Read a list of absolute paths.

    Raises:
        Invalid: it is something else.
    """
    given = texts(value)
    if any(not path.startswith("/") for path in given):
        raise Invalid("must be a list of absolute paths")
    return given


def url(value: Any) -> str:
    """An address of the web, with a host."""
    address = text(value)
    try:
        parts = urlsplit(address)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, an unclosed bracket
        named = False
    if not address.startswith(("http://", "https://")) or not named or address.split() != [address]:
        raise Invalid('must start with "https://" or "http://", then a host, and hold no blanks')
    return address.rstrip("/")


def word(value: Any) -> str:
    """A name for a person to read: one line, not empty, not long."""
    name = text(value).strip()
    if not name or len(name) > 60 or not name.isprintable():
        raise Invalid("must be a name of 1 to 60 characters")
    return name


def command(value: Any) -> tuple[str, ...]:
    """A command line as a list: the program, then its arguments. No shell reads it."""
    if isinstance(value, str):
        parts = ", ".join(f'"{part}"' for part in value.split())
        raise Invalid(f"must be a list, the program first, such as [{parts}]")
    given = texts(value)
    if not given or not given[0].strip():
        raise Invalid("must be a list of strings, the program first")
    return given


def globs(value: Any) -> tuple[str, ...]:
    """A glob, or a list of them, for paths in the workspace."""
    given = (value,) if isinstance(value, str) else value
    try:
        found = texts(given)
    except Invalid:
        found = ()
    if not found or not all(found):
        raise Invalid('must be a glob such as "**/*.ts", or a list of them')
    return found


def tables(
    value: Any, keys: Mapping[str, Callable[[Any], Any]], needed: tuple[str, ...]
) -> list[dict[str, Any]]:
    """A list of tables with certain keys; a mistake in one names its place in the list."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise Invalid(f"must be a list of tables with {_listed(tuple(keys))}")
    return [table(each, keys, needed, f"in entry {at}, ") for at, each in enumerate(value, 1)]


def table(
    value: Mapping[str, Any],
    keys: Mapping[str, Callable[[Any], Any]],
    needed: tuple[str, ...] = (),
    where: str = "",
) -> dict[str, Any]:
    """A table with certain keys; ``where`` says, at the start of a mistake, which one it is."""
    for key in [*value, *needed]:
        if key not in keys:
            raise Invalid(f"{where}there is no {key!r}; the keys are {_listed(tuple(keys))}")
        if key not in value:
            raise Invalid(f"{where}`{key}` is missing")
    read = {}
    for key, each in value.items():
        try:
            read[key] = keys[key](each)
        except Invalid as invalid:
            raise Invalid(f"{where}`{key}` {invalid}") from invalid
    return read


def mapping(value: Any) -> dict[str, object]:
    """A table of anything."""
    if not isinstance(value, Mapping):
        raise Invalid("must be a table")
    return dict(value)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
