"""Which files of a workspace hold secrets, and are therefore never copied.

``.env`` and its like always do. Keys and credentials are told by their names, but only where git
ignores them: what is committed is no secret, and tests may need it (a certificate, say).
"""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

from festina.ignoring import Ignores

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
    """Whether git would ignore a file, from the ``.gitignore`` files that concern the workspace."""
    return Ignores(root).by_git(path)
