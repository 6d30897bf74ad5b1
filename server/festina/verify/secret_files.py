"""Which files of a workspace hold secrets, and are therefore never copied.

``.env`` and its like always do. Keys and credentials are told by their names, but only where git
ignores them: what is committed is no secret, and tests may need it (a certificate, say).
"""

from __future__ import annotations

import fnmatch
import functools
import re
from pathlib import Path

_HARMLESS = (".example", ".sample", ".template", ".dist", ".pub")
_SECRETS = (
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.kdbx",
    "*.keystore",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*credentials*",
    "*secret*",
    "*token*",
    "*password*",
    "service-account*.json",
    ".npmrc",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".htpasswd",
    ".git-credentials",
    ".envrc",
    "*.tfvars",
    "*.tfstate",
)
_TELLING = re.compile("|".join(map(fnmatch.translate, _SECRETS)))
_CODE = (".py", ".pyi", ".js", ".ts", ".go", ".rs", ".java", ".c", ".h", ".md", ".html", ".css")


def holds_secrets(root: Path, path: str) -> bool:
    """Whether a file (relative to the workspace ``root``) is not to be copied.

    Reads ``.gitignore`` files where the name alone does not tell; blocks for microseconds.
    """
    name = path.rpartition("/")[2]
    if name.endswith(_HARMLESS):
        return False
    if name == ".env" or name.startswith(".env."):
        return True
    lower = name.lower()
    return bool(_TELLING.match(lower)) and not lower.endswith(_CODE) and ignored(root, path)


def ignored(root: Path, path: str) -> bool:
    """Whether git would ignore a file, from the ``.gitignore`` files of the workspace.

    Git is not asked: it runs programs that a repository's configuration names.
    """
    parts = path.split("/")
    return any(_decided(root, parts[: end + 1], end < len(parts) - 1) for end in range(len(parts)))


def _decided(root: Path, parts: list[str], folder: bool) -> bool:
    """What the last pattern says that matches; the deeper file of patterns comes later."""
    verdict = False
    sources = [(root / ".git" / "info" / "exclude", 0)]
    sources += [(root.joinpath(*parts[:up], ".gitignore"), up) for up in range(len(parts))]
    for source, up in sources:
        relative = "/".join(parts[up:])
        for negated, only_folders, pattern in _patterns(source):
            if (folder or not only_folders) and pattern.fullmatch(relative):
                verdict = not negated
    return verdict


def _patterns(source: Path) -> tuple[tuple[bool, bool, re.Pattern[str]], ...]:
    try:
        status = source.stat()
        return _parsed(source, status.st_mtime_ns, status.st_size)
    except OSError:
        return ()


@functools.lru_cache(maxsize=256)
def _parsed(
    source: Path, mtime_ns: int, size: int
) -> tuple[tuple[bool, bool, re.Pattern[str]], ...]:
    found = []
    for line in source.read_text("utf-8", "replace").splitlines():
        text = re.sub(r"(?<!\\) +$", "", line)
        if not text or text.startswith("#"):
            continue
        negated = text.startswith("!")
        text = text.removeprefix("!").removeprefix("\\")
        only_folders = text.endswith("/")
        text = text.rstrip("/")
        anchored = "/" in text
        try:
            pattern = re.compile(("" if anchored else "(?:.*/)?") + _regex(text.lstrip("/")))
        except re.error:
            continue  # git takes it for no pattern either
        found.append((negated, only_folders, pattern))
    return tuple(found)


_TOKEN = re.compile(r"(\*\*/)|(/\*\*$)|(\*+)|(\?)|(\[[!^]?\]?[^\]]*\])|\\(.)|(.)", re.DOTALL)


def _regex(pattern: str) -> str:
    parts = []
    for match in _TOKEN.finditer(pattern):
        deep, below, star, one, among, escaped, plain = match.groups()
        if deep:
            parts.append("(?:.*/)?")
        elif below:
            parts.append("/.*")
        elif star:
            parts.append("[^/]*")
        elif one:
            parts.append("[^/]")
        elif among:
            parts.append("[^" + among[2:] if among[1] in "!^" else among)
        else:
            parts.append(re.escape(escaped or plain))
    return "".join(parts)
