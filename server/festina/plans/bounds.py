"""The bounds of a step, held against what a model wrote: pure, before any gate runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from festina import edits, globs, markers
from festina.config import GATES, VerifySettings
from festina.edits import LineEdit, Region
from festina.edits.defined import by_lines, means, parsed
from festina.plans.fields import code
from festina.plans.step import Step
from festina.text import Text


@dataclass(frozen=True, slots=True)
class Change:
    """What a candidate does to one file: line edits of ``old``, ordered and disjoint."""

    path: str
    old: Text
    edits: tuple[LineEdit, ...]

    @classmethod
    def of(cls, path: str, old: str, new: str) -> Change:
        """Return what lies between two texts of a file."""
        text = Text(old)
        return cls(path, text, edits.rewrite(text, Region(0, len(text.lines)), new))

    @property
    def new(self) -> Text:
        """The whole file's text with it."""
        return edits.apply(self.old, self.edits)

    @property
    def unasked(self) -> Change:
        """The same without ``festina:`` comments: they ask for an edit, and are no part of it."""
        if not markers.may_hold(self.old.content):
            return self
        old, new = markers.strip_lines(self.old.content), markers.strip_lines(self.new.content)
        return Change.of(self.path, old, new)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A step that an edit of one file belongs to, and what the step changes in others.

    ``done`` has been accepted: its lines count. ``beside`` are edits of other files that belong to
    the same change: their lines count as well, and what checks the edit sees their new texts.
    """

    step: Step
    done: tuple[Change, ...] = ()
    beside: tuple[Change, ...] = ()

    @property
    def laid(self) -> dict[str, str]:
        """The new texts of the other files that are changed together with this one."""
        return {each.path: each.new.content for each in self.beside}

    def broken_by(self, change: Change) -> str:
        """Say which bound a change of a file breaks; empty if all of them hold. Blocks."""
        return broken(self.step, (*self.done, *self.beside, change))


def required(step: Step, settings: VerifySettings) -> VerifySettings:
    """Return settings in which what a step names is checked as well as what is checked anyway."""
    named = {name for name in step.gates if name in GATES}
    if any(command.name in step.gates for command in settings.commands):
        named.add("command")
    if step.tests:
        named.add("tests")
    gates = (*settings.gates, *(gate for gate in GATES if gate in named - {*settings.gates}))
    return replace(settings, gates=gates)


def unknown_gates(step: Step, settings: VerifySettings) -> tuple[str, ...]:
    """Return what a step says must pass and nobody can check."""
    known = {*GATES, *(command.name for command in settings.commands)} - {"review"}
    known -= {"browser"} if settings.browser is None else set()  # it has no page to look at
    return tuple(gate for gate in step.gates if gate not in known)


def own(settings: VerifySettings) -> Step:
    """Return the bounds of every edit, which the person has set, as those of a step."""
    most = settings.at_most or None
    return Step("", untouched=settings.leave_alone, most_lines=most)


def left_alone(settings: VerifySettings, path: str, name: str = "") -> str:
    """Return what in the settings keeps a file from edits, or a definition in it; else ""."""
    if item := kept_away(own(settings), path):
        return item
    named = (item for item in settings.leave_alone if name and means(item.removesuffix("()"), name))
    return next(named, "")


def forbidden(settings: VerifySettings, path: str, name: str = "") -> str:
    """Say in a sentence why nothing is asked for in a file, or a definition; else ""."""
    if not (item := left_alone(settings, path, name)):
        return ""
    where = path if kept_away(own(settings), path) else f"{name} of {path}"
    return (
        f"Your settings say to leave {code(item)} alone (edits.leave_alone), so nothing was asked "
        f"for in {where}. Take it out there to have {'it' if where != path else 'the file'} edited."
    )


def in_words(settings: VerifySettings) -> str:
    """Return what a model is told of the bounds of every edit; empty where there are none."""
    said = []
    if settings.leave_alone:
        said.append(f"Leave {', '.join(map(code, settings.leave_alone))} alone.")
    if settings.at_most:
        said.append(f"Change at most {_counted(settings.at_most)}, removed and added together.")
    return " ".join(said)


def broken(
    step: Step,
    changes: Sequence[Change],
    *,
    says: str = "the step says",
    allows: str = "the step allows",
) -> str:
    """Say in a sentence which bound of a step its changes break; empty if all of them hold.

    A name is touched where its definition does not read as before: to call it is no harm.
    """
    changes = [change for change in changes if change.edits]
    for change in changes:
        if why := _of_path(step, change.path, says) or _of_names(step, change.unasked, says):
            return why
    size = sum(edits.size(change.unasked.edits) for change in changes)
    if step.most_lines is not None and size > step.most_lines:
        return (
            f"The diff has {_counted(size)}, and {allows} at most {step.most_lines}, removed and "
            "added ones together."
        )
    return ""


def kept_away(step: Step, path: str) -> str:
    """Return what of a step says that a file must not be touched; empty where nothing does."""
    return next((item for item in step.untouched if _is_glob_for(item, path)), "")


def _of_path(step: Step, path: str, says: str) -> str:
    if item := kept_away(step, path):
        return f"It changes {path}, and {says} to leave {code(item)} alone."
    places = list(dict.fromkeys(place.path for place in step.places))
    if places and path not in places:
        return f"It changes {path}, and the step is for {' and '.join(places)} alone."
    return ""


def _of_names(step: Step, change: Change, says: str) -> str:
    if not step.untouched:
        return ""
    new = edits.apply(change.old, change.edits)
    old_names, new_names = parsed(change.old, change.path), parsed(new, change.path)
    certain = old_names is not None and new_names is not None
    if old_names is None or new_names is None:  # else two ways of looking would be compared
        old_names, new_names = by_lines(change.old), by_lines(new)
    before, after = _found(change.old, old_names), _found(new, new_names)
    for item in step.untouched:
        name = item.removesuffix("()")
        if _differ(before, after, name) or (
            not certain and _may_touch(change, before, after, name)
        ):
            return f"It touches {code(name)} in {change.path}, and {says} to leave it alone."
    return ""


def _found(text: Text, names: Sequence[tuple[str, Region]]) -> list[tuple[str, str]]:
    return [
        (name, text.lines_text(region.start, region.end).rstrip("\r\n")) for name, region in names
    ]


def _differ(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]], name: str) -> bool:
    return _texts(before, name) != _texts(after, name)


def _may_touch(
    change: Change,
    before: Sequence[tuple[str, str]],
    after: Sequence[tuple[str, str]],
    name: str,
) -> bool:
    """Whether a name may be touched in a text that nobody can take apart for certain.

    Where its definition is not found, lines that mention it are taken for a part of it: it is
    better to leave too much alone than to lose a bound.
    """
    if _texts(before, name):
        return False
    last = re.split(r"\.|::", name)[-1]
    if _texts(before, last):
        return _differ(before, after, last)
    if not re.fullmatch(r"[\w$]+", last):
        return False  # a glob, or a path
    word = re.compile(rf"(?<![\w$]){re.escape(last)}(?![\w$])")
    return any(
        word.search(change.old.lines_text(edit.start, edit.end)) or word.search(edit.new_text)
        for edit in change.edits
    )


def _texts(found: Sequence[tuple[str, str]], name: str) -> Counter[str]:
    """Return the texts of all that goes by a name."""
    return Counter(text for each, text in found if means(name, each))


def _is_glob_for(item: str, path: str) -> bool:
    """Whether an item means a file: by its path, its name, a glob, or a folder that it is in."""
    item = item.removeprefix("./")
    if item.endswith("/"):
        item += "**"
    if not any(mark in item for mark in "*?{"):
        if "/" not in item:
            return item in path.split("/")
        return path == item or path.startswith(f"{item}/")
    return globs.applies((item,), path)


def _counted(size: int) -> str:
    return f"{size} line{'s' if size != 1 else ''}"
