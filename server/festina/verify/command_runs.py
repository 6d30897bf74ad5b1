"""Which file of the workspace a command runs, as far as its own words say. Pure.

A person names a command, and with it what stands in a script that it runs. An edit of that script
would be judged by itself. What a script reads, imports or starts in turn is not known here, nor
could it be told apart: it may be a part of what judges, or what is there to be judged.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_SHELL = re.compile(r"(?:ba|da|z|k|fi)?sh")
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*w?")
_OTHER = re.compile(
    r"node|nodejs|deno|bun|tsx|ts-node|ruby|perl|php|lua|luajit|Rscript|julia|pwsh|source|\."
)
_READS = {
    _SHELL: re.compile(r"-[a-z]*[cn][a-z]*"),
    _PYTHON: re.compile(r"-[A-Za-z]*[cm]"),
    _OTHER: re.compile(r"-[a-zA-Z]*[eEcln][a-zA-Z]*|-p|--eval|--print|--check"),
}
"""Options after which an interpreter runs no file that it is given: code, a module, only a look."""
_SUBCOMMANDS = frozenset({"deno", "bun"})
RUNNERS = {
    **dict.fromkeys(("make", "gmake"), ("Makefile", "makefile", "GNUmakefile")),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), ("package.json",)),
    **dict.fromkeys(("invoke", "inv"), ("tasks.py",)),
    "deno": ("deno.json", "deno.jsonc"),
    "just": ("justfile", "Justfile", ".justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
    "rake": ("Rakefile",),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
    "grunt": ("Gruntfile.js",),
    "gulp": ("gulpfile.js",),
    "composer": ("composer.json",),
    "pre-commit": (".pre-commit-config.yaml",),
}
"""Programs that run what a file of the project says, and how that file is called."""
_KEYWORDS = frozenset(
    ["!", "if", "then", "elif", "else", "while", "until", "do", "{", "(", "time", "exec"]
)


@dataclass(frozen=True, slots=True)
class Paths:
    """Files of a workspace, relative to it: all, and those that can be run by their name."""

    all: Collection[str]
    executable: Collection[str]


def ran(run: Sequence[str], changed: Collection[str], paths: Paths) -> str:
    """Return which of some changed files a command runs, empty where it runs none.

    The command is run in the workspace. ``{file}`` stands for what is to be judged, not for what
    judges, whatever is done with it.
    """
    words = [_path(word) for word in run]
    for path in sorted(changed):
        if any(_named(words, path, paths)) or _by_its_name(words, path):
            return path
    return ""


def _named(words: Sequence[str], path: str, paths: Paths) -> Iterator[bool]:
    """Say of each word whether it has a file run."""
    for at, word in enumerate(words):
        program = _interpreter(words[:at])
        if word == path and program < 0:  # a linter is given files, too
            yield not at or path in paths.executable
        elif word == path:
            yield _is_script(words[program:at], paths)
        elif program >= 0 and word.startswith("-"):  # --require=./hook.js
            yield _path(word.partition("=")[2]) == path
        elif program >= 0 and words[at - 1] == "-m":
            yield path in _modules(word)
        elif program >= 0 and _is_code(words[program:at]):
            yield any(ran(simple, (path,), paths) for simple in _commands(word))


def _interpreter(words: Sequence[str]) -> int:
    """Return where the last interpreter of some words stands; -1 without one."""
    numbers = range(len(words) - 1, -1, -1)
    return next((number for number in numbers if _kind(words[number]) is not None), -1)


def _kind(word: str) -> re.Pattern[str] | None:
    name = word if word == "." else PurePosixPath(word).name
    return next((kind for kind in _READS if kind.fullmatch(name)), None)


def _is_script(words: Sequence[str], paths: Paths) -> bool:
    """Whether a file behind some words is what the first of them, an interpreter, is to run."""
    kind, between = _kind(words[0]), words[1:]
    assert kind is not None
    if any(_READS[kind].fullmatch(word) for word in between):
        return False
    told = [word for word in between if not word.startswith("-")]
    if PurePosixPath(words[0]).name in _SUBCOMMANDS and any(word != "run" for word in told):
        return False
    # what stands behind a long option is its value, such as code that is loaded first
    pairs = itertools.pairwise(words)
    return not any(
        word in paths.all and not before.startswith("--") and before != "-r"
        for before, word in pairs
    )


def _is_code(words: Sequence[str]) -> bool:
    """Whether the word behind some others is what a shell is to run."""
    return _kind(words[0]) is _SHELL and bool(re.fullmatch(r"-[a-z]*c", words[-1]))


def _commands(code: str) -> Iterator[list[str]]:
    """Yield the simple commands of a line of shell, as far as that can be told."""
    lexer = shlex.shlex(code.replace("\n", ";"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # half a quotation
        words = code.split()
    for operator, simple in itertools.groupby(words, key=lambda word: set(word) <= set("();<>|&")):
        if not operator:
            yield list(itertools.dropwhile(_KEYWORDS.__contains__, simple))


def _by_its_name(words: Sequence[str], path: str) -> bool:
    """Whether a program finds by its name a file that says what it is to run, or is given it."""
    folder, _, name = path.rpartition("/")
    given = (before for before, word in itertools.pairwise(words) if word == path)
    by_option = any(before.startswith("-") and before != "--" for before in given)
    for word in words:
        names = RUNNERS.get(PurePosixPath(word).name, ())
        if names and (by_option or (name in names and (not folder or folder in words))):
            return True
    return False


def _modules(name: str) -> set[str]:
    """Return the files that ``python -m NAME`` may run, the packages around it among them."""
    parts = name.split(".")
    inside = "/".join(parts)
    found = {f"{inside}.py", f"{inside}/__main__.py"}
    found |= {f"{'/'.join(parts[:count])}/__init__.py" for count in range(1, len(parts) + 1)}
    return found | {f"src/{path}" for path in found}


def _path(word: str) -> str:
    """Return a word as a path of the workspace is written, where it may be one."""
    word = word.replace("{workspace}", ".")
    return PurePosixPath(word).as_posix() if "/" in word else word
