"""The warm ruff server: it says what runs of ruff say, and nobody notices when it dies."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from festina.findings import Finding, Gate, Status
from festina.verify import lint, lint_server
from festina.verify.base import Candidate
from festina.verify.lint import Ruff
from festina.verify.lint_look import Looks
from festina.verify.lint_server import Gone, RuffServer
from festina.verify.linter import Linter
from support import projects

PROJECT = """
=== pyproject.toml
[project]
name = "shop"
version = "1"
requires-python = ">=3.11"

[tool.ruff]
extend-exclude = ["shop/made.py"]
fix = true
extend = "rules/base.toml"

[tool.ruff.lint.per-file-ignores]
"shop/loose.py" = ["F401", "E701"]
"tests/**" = ["F"]
=== rules/base.toml
line-length = 90

[lint]
select = ["F", "E", "W", "I", "B", "UP", "SIM", "RUF", "N", "INP", "C90", "PLR", "D1"]
mccabe.max-complexity = 3
=== shop/__init__.py
=== shop/core.py
import os
import sys

import shop.loose
from elsewhere import thing


class counter:
    def add(self, x, y=[]):
        if x:
            if y:
                return os
        return thing
=== shop/loose.py
import os
=== shop/made.py
import os
=== loose/single.py
x = 1
=== nested/ruff.toml
lint.select = ["ALL"]
=== nested/deep/a.py
def f(a, b):
    return a == None
=== tests/test_core.py
import os
"""
PATHS = (
    "shop/core.py",
    "shop/loose.py",
    "shop/made.py",
    "loose/single.py",
    "nested/deep/a.py",
    "tests/test_core.py",
    "shop/new.pyi",
    "shop/with blank & ü.py",
)
SNIPPETS = (
    "import os\n",
    "import json, sys\n",
    "from shop import core\nimport requests\nimport os\n",
    "print(undefinéd)\n",
    "x = 1;\n",
    "def f(a, b=[]):\n    return '{} {}'.format(a, b)\n",
    "if True: pass\n",
    'y = "a very long line ' + "x" * 90 + '"\n',
    "z = lambda q: q\n",
    "import os  # noqa: F401, E501\n",
    "# ruff: noqa: F\n",
    "try:\n    pass\nexcept:\n    pass\n",
    "def g(a):\n\tif a:\n\t    return 1\n\treturn None\n",
    "bad = '\\q'\n",
    "x == None\n",
    "class lower: pass\n",
    "def (\n",
    "return 1\n",
    "match x:\n    case _: pass\n",
    "s = f'{x!r:{y}}'  # ümläut\n",
    "async def h():\n    yield 1\n    return 2\n",
    "\f\n",
    "a = 1\r\nimport os\r\n",
    "𐐀 = unknown𐐀name\n",
)


def change(text: str, chance: random.Random) -> str:
    """Take lines away, put others in, exchange some."""
    lines = text.splitlines(keepends=True)
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(lines))
        if chance.random() < 0.3 and lines:
            del lines[at : at + chance.randint(1, 2)]
        else:
            lines.insert(at, chance.choice(SNIPPETS))
    return "".join(lines)


@pytest.fixture
def ruff(tmp_path: Path) -> Ruff:
    root = projects.make(tmp_path / "shop project", PROJECT)
    binary = lint.our_ruff()
    assert binary is not None
    return Ruff(binary, root, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})


@pytest.fixture
async def linter() -> AsyncIterator[Linter]:
    linter = Linter()
    yield linter
    await linter.aclose()


async def warm(linter: Linter, ruff: Ruff, path: str = "shop/core.py") -> None:
    """Check until a server answers for a path."""
    old = (ruff.root / path).read_text() if (ruff.root / path).exists() else ""
    asked = linter.asked
    for _ in range(3):
        await linter.check(Candidate(path, old, old + "\n"), ruff)
    assert linter.asked > asked


async def test_the_server_says_what_runs_say(ruff: Ruff) -> None:
    """Equal findings, with places and words, for random texts at paths with rules of their own."""
    chance = random.Random(5)
    server = await RuffServer.start(ruff)
    grave = await RuffServer.start(ruff, lint.GRAVE)
    found = 0

    async def compare(path: str, text: str, rules: tuple[str, ...]) -> int:
        one, other = await asyncio.gather(
            (grave if rules else server).findings(path, text),
            lint.findings_in(ruff, path, text, rules),
        )
        assert one == other, (path, text)
        return len(one)

    for path in PATHS:
        old = (ruff.root / path).read_text() if (ruff.root / path).exists() else "x = 1\n"
        for _ in range(6):
            text = change(old, chance)
            found += await compare(path, text, ())
    await server.aclose()
    # the rules are chosen only where nobody has configured any
    for configuration in ("pyproject.toml", "nested/ruff.toml"):
        (ruff.root / configuration).unlink()
    await grave.aclose()
    grave = await RuffServer.start(ruff, lint.GRAVE)
    for path in PATHS:
        found += await compare(path, change("x = 1\n", chance), lint.GRAVE)
    await grave.aclose()
    assert found > 100


async def test_verdicts_are_those_of_runs(ruff: Ruff, linter: Linter) -> None:
    chance = random.Random(11)
    seen = set()
    for path in ("shop/core.py", "shop/made.py", "nested/deep/a.py"):
        old = (ruff.root / path).read_text()
        await warm(linter, ruff, path)
        asked = linter.asked
        candidates = [Candidate(path, old, change(old, chance)) for _ in range(12)]
        for candidate in candidates[::2]:
            linter.ahead(ruff.root, candidate)
        fast = await asyncio.gather(*(linter.check(each, ruff) for each in candidates))
        assert linter.asked == asked + 12
        for candidate, result in zip(candidates, fast, strict=True):
            true = await lint.check(candidate, ruff)
            assert (result.status, result.findings) == (true.status, true.findings)
            seen.add(result.status)
    assert seen == {Status.PASSED, Status.FAILED}


async def test_a_server_that_says_something_else_is_not_asked(
    ruff: Ruff, linter: Linter, tmp_path: Path
) -> None:
    """Here: it does not know of a rule that runs are told of."""
    (ruff.root / "pyproject.toml").write_text("[tool.ruff.lint]\nselect = ['F']\n")
    odd = tmp_path / "odd"
    odd.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = server ]; then exec "{ruff.binary}" server; fi\n'
        f'exec "{ruff.binary}" "$@" --extend-select E711\n'
    )
    odd.chmod(0o755)
    for _ in range(4):
        candidate = Candidate("shop/core.py", "x = 1\n", "x = 1\nx == None\n")
        result = await linter.check(candidate, replace(ruff, binary=odd))
        assert result.status is Status.FAILED
    assert linter.asked == 0


async def test_configuration_that_changes_is_in_force_at_once(ruff: Ruff, linter: Linter) -> None:
    candidate = Candidate("shop/core.py", "X = 1\n", "import os\n\nX = 1\n")
    await warm(linter, ruff)
    assert (await linter.check(candidate, ruff)).status is Status.FAILED
    base = ruff.root / "rules" / "base.toml"
    for rules, status in (("E7", Status.PASSED), ("F", Status.FAILED), ("W", Status.PASSED)):
        linter.ahead(ruff.root, candidate)
        await asyncio.sleep(0.1)  # it has its answer, by the rules of before
        base.write_text(f'lint.select = ["{rules}"]\n')
        for _ in range(3):
            assert (await linter.check(candidate, ruff)).status is status
    (ruff.root / "shop" / "ruff.toml").write_text('lint.select = ["F"]\n')
    for _ in range(3):
        assert (await linter.check(candidate, ruff)).status is Status.FAILED
    assert linter.asked > 4


async def test_first_parties_that_appear_are_known(ruff: Ruff, linter: Linter) -> None:
    """What is a module of the project decides how imports are to be sorted."""
    (ruff.root / "pyproject.toml").write_text("[tool.ruff.lint]\nselect = ['I']\n")
    old = "import os\n\nimport extra\nimport requests\n"
    for _ in range(2):
        await warm(linter, ruff, "shop/core.py")
        candidate = Candidate("shop/core.py", old, old + "\nx = 1\n")
        assert (await linter.check(candidate, ruff)).status is Status.PASSED
        apart = Candidate("shop/core.py", "", "import os\n\nimport requests\n\nimport extra\n")
        result = await linter.check(apart, ruff)
        assert result.status is (await lint.check(apart, ruff)).status
        linter.ahead(ruff.root, apart)
        await asyncio.sleep(0.1)  # what it says now will not be so
        (ruff.root / "extra").mkdir(exist_ok=True)
        (ruff.root / "extra" / "__init__.py").touch()
    assert result.status is Status.PASSED


async def test_a_server_that_dies_is_replaced_and_nothing_is_lost(
    ruff: Ruff, linter: Linter
) -> None:
    candidate = Candidate("shop/core.py", "X = 1\n", "import os\n\nX = 1\n")
    for _ in range(2):
        await warm(linter, ruff)
        servers = servers_of(ruff)
        assert len(servers) == 1
        os.kill(servers.pop(), 9)
        results = await asyncio.gather(*(linter.check(candidate, ruff) for _ in range(5)))
        assert {result.status for result in results} == {Status.FAILED}


def servers_of(ruff: Ruff) -> set[int]:
    """Processes of ours that are servers in a workspace."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
                if command[1:2] == [b"server"] and (folder / "cwd").readlink() == ruff.root:
                    found.add(int(folder.name))
            except OSError:
                continue
    return found


async def test_it_is_ended_when_idle_and_with_the_linter(ruff: Ruff) -> None:
    linter = Linter(idle_seconds=0.5)
    await warm(linter, ruff)
    server = servers_of(ruff)
    await gone(server)
    await warm(linter, ruff)
    server = servers_of(ruff)
    assert len(server) == 1
    await linter.aclose()
    assert servers_of(ruff) == set()


async def gone(pids: set[int]) -> None:
    async with asyncio.timeout(30):
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            await asyncio.sleep(0.02)


async def test_cancelled_checks_harm_nobody(ruff: Ruff, linter: Linter) -> None:
    await warm(linter, ruff)
    candidate = Candidate("shop/core.py", "X = 1\n", "import os\n\nX = 1\n" + "y = X\n" * 5000)
    for wait in (0.0, 0.001, 0.003):
        tasks = [asyncio.create_task(linter.check(candidate, ruff)) for _ in range(8)]
        await asyncio.sleep(wait)
        for task in tasks[::2]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        statuses = {each.status for each in done if not isinstance(each, BaseException)}
        assert statuses == {Status.FAILED}


@pytest.mark.parametrize("text", ["\ufeffimport os\n", "x = '\udcff'\n", "import os\0\n"])
async def test_odd_texts_are_left_to_runs(ruff: Ruff, linter: Linter, text: str) -> None:
    await warm(linter, ruff)
    asked = linter.asked
    candidate = Candidate("shop/core.py", "x = 1\n", text)
    servers = servers_of(ruff)
    linter.ahead(ruff.root, candidate)
    result, true = await linter.check(candidate, ruff), await lint.check(candidate, ruff)
    assert (result.status, result.findings) == (true.status, true.findings)
    assert linter.asked == asked
    assert servers_of(ruff) == servers


async def test_an_answer_that_is_at_hand_is_used_once(
    ruff: Ruff, linter: Linter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await warm(linter, ruff)
    old = (ruff.root / "shop/core.py").read_text()
    texts: list[str] = []
    findings = RuffServer.findings

    async def counted(server: RuffServer, path: str, text: str) -> list[Finding]:
        texts.append(text)
        return await findings(server, path, text)

    monkeypatch.setattr(RuffServer, "findings", counted)
    await asyncio.sleep(0.1)  # the files are older than what is asked ahead
    candidate = Candidate("shop/core.py", old, old + "\nimport json\n")
    linter.ahead(ruff.root.parent, candidate)  # another workspace
    linter.ahead(ruff.root, replace(candidate, path="shop/loose.py"))  # nobody has asked of it
    linter.ahead(ruff.root, candidate)
    first = await linter.check(candidate, ruff)
    assert texts == [candidate.new]
    second = await linter.check(candidate, ruff)
    assert texts == [candidate.new] * 2
    assert first.findings == second.findings
    assert first.status is Status.FAILED


async def test_programs_that_are_no_server(ruff: Ruff, linter: Linter, tmp_path: Path) -> None:
    for words in ("exit 2", "cat", "echo 'Content-Length: -5'; echo; cat", "exec sleep 100"):
        fake = tmp_path / "fake"
        fake.write_text(f"#!/bin/sh\n{words}\n")
        fake.chmod(0o755)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lint_server, "_START_SECONDS", 1.0)
            with pytest.raises(Gone):
                await RuffServer.start(Ruff(fake, ruff.root, ruff.environ))


async def test_many_checks_leave_nothing(ruff: Ruff, linter: Linter) -> None:
    """2,000 of them, in fives: neither descriptors nor tasks nor the server's memory grow."""
    await warm(linter, ruff)
    (server,) = servers_of(ruff)

    def held() -> tuple[int, int, int]:
        status = Path(f"/proc/{server}/status").read_text()
        memory = int(status.partition("VmRSS:")[2].split()[0])
        return len([*Path("/proc/self/fd").iterdir()]), len(asyncio.all_tasks()), memory

    async def some(first: int, count: int) -> None:
        for number in range(first, first + count, 5):
            candidates = [
                Candidate("shop/core.py", "X = 1\n", f"X = {n}\n")
                for n in range(number, number + 5)
            ]
            results = await asyncio.gather(*(linter.check(each, ruff) for each in candidates))
            assert {each.status for each in results} == {Status.PASSED}

    await some(0, 200)
    before = held()
    asked = linter.asked
    await some(200, 1800)
    after = held()
    assert linter.asked - asked == 1800
    assert after[:2] == before[:2]
    assert after[2] < before[2] * 1.25 + 4096
    assert servers_of(ruff) == {server}


async def test_a_diagnostic_of_a_rule_that_is_not_on_is_left_to_runs(
    ruff: Ruff, linter: Linter
) -> None:
    (ruff.root / "pyproject.toml").unlink()
    old = "def f(a, b):\n    return '{} {}'.format(a, b)\n"
    wanted = (Finding(Gate.LINT, "m.py", "", line=2, code="UP032"),)
    for _ in range(3):
        kept = await linter.check(Candidate("m.py", old, old + "x = 1\n", wanted), ruff)
        assert kept.status is Status.FAILED


def test_a_look_is_shared_by_those_who_asked_before_it_began(ruff: Ruff) -> None:
    looks = Looks()
    first = looks.at(time.monotonic(), ruff, "shop/core.py", ())
    early = time.monotonic() - 1000
    assert looks.at(early, ruff, "shop/core.py", ()) is first
    assert looks.at(early, ruff, "nested/deep/a.py", ()).files != first.files
    (ruff.root / "pyproject.toml").write_text("[tool.ruff.lint]\nselect = ['I']\n")
    later = looks.at(time.monotonic(), ruff, "shop/core.py", ())
    assert first.differs(later)
