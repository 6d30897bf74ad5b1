"""Which files of a workspace a command runs, as far as its words say."""

import pytest

from festina.verify.command_runs import Paths, ran
from festina.verify_file import read

FILES = (
    *("check.sh", "scripts/check.sh", "scripts/run", "src/app.py", "tools/look.py"),
    *("hook.js", "look.js", "Makefile", "sub/Makefile", "package.json", "pkg/__main__.py"),
)
PATHS = Paths(FILES, ("scripts/run",))


def does(command, path):
    (check,) = read(f"- [x] `` {command} ``\n").checks
    return ran(check.run, (path, "other.txt"), PATHS) == path


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("./check.sh", "check.sh"),
        ("scripts/check.sh --fast", "scripts/check.sh"),
        ("{workspace}/scripts/check.sh", "scripts/check.sh"),
        ("sh check.sh", "check.sh"),
        ("/bin/bash -eu ./scripts/check.sh src/app.py", "scripts/check.sh"),
        ("bash -c './check.sh && mypy src'", "check.sh"),
        ("bash -lc 'cd src; if ! sh scripts/check.sh'", "scripts/check.sh"),
        ("sh -c '. ./check.sh; true'", "check.sh"),
        ("timeout 60 scripts/run", "scripts/run"),
        ("env A=1 nice python3.12 -W error tools/look.py src/app.py", "tools/look.py"),
        ("uv run python tools/look.py", "tools/look.py"),
        ("python -m tools.look", "tools/look.py"),
        ("python -m pkg --strict", "pkg/__main__.py"),
        ("python -m pkg.sub", "src/pkg/__init__.py"),
        ("node --require ./hook.js look.js", "hook.js"),
        ("node --require ./hook.js look.js", "look.js"),
        ("node --import=./hook.js look.js", "hook.js"),
        ("deno run look.js", "look.js"),
        ("make test", "Makefile"),
        ("make -C sub test", "sub/Makefile"),
        ("make -f tools/build.mk", "tools/build.mk"),
        ("npm run lint", "package.json"),
        ("python -m nox -s lint", "noxfile.py"),
    ],
)
def test_what_is_run(command, path):
    assert does(command, path)


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("mypy --strict src/app.py", "src/app.py"),
        ("python -m mypy src/app.py", "src/app.py"),
        ("python tools/look.py src/app.py", "src/app.py"),
        ("python -c 'import ast' src/app.py", "src/app.py"),
        ("sh check.sh scripts/check.sh", "scripts/check.sh"),
        ("sh -c '! grep -q high src/app.py'", "src/app.py"),
        ("bash -n check.sh", "check.sh"),
        ("shellcheck check.sh", "check.sh"),
        ("perl -ne print src/app.py", "src/app.py"),
        ("node --check look.js", "look.js"),
        ("deno lint look.js", "look.js"),
        ("node {file}", "look.js"),
        ("make test", "sub/Makefile"),
        ("npm test -- look.js", "look.js"),
        ("npx eslint look.js", "package.json"),
        ("grep -q high src/app.py", "src/app.py"),
    ],
)
def test_what_is_only_given(command, path):
    assert not does(command, path)
