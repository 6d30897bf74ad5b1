"""A small real project of four modules, a plan of six steps for it, and two models that follow it.

The fast model answers wrongly first, in three of the steps: it fails a test, goes beyond the
step's bounds, or does not answer with code. One step cannot be done within its bounds, and is
planned anew by the slow one.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from support import projects
from support.fake_model import FakeModel

FAST, SLOW = "fake-coder", "thinker"

PROJECT = '''
=== pyproject.toml
[project]
name = "ledger"
version = "1"

[tool.pytest.ini_options]
pythonpath = ["."]
=== ledger/__init__.py
=== ledger/money.py
"""Amounts of money, in cents."""


def parse(text):
    whole, _, cents = text.strip().partition(".")
    return int(whole) * 100 + int(cents or 0)


def show(cents):
    return f"{cents // 100}.{cents % 100:02}"
=== ledger/entries.py
"""Entries of a ledger, one a line: DATE CATEGORY AMOUNT."""

from dataclasses import dataclass

from ledger import money


@dataclass(frozen=True)
class Entry:
    date: str
    category: str
    cents: int


def read_line(line):
    date, category, amount = line.split()
    return Entry(date, category, money.parse(amount))


def read(text):
    return [read_line(line) for line in text.splitlines()]
=== ledger/report.py
"""What a ledger comes to."""

from ledger import money


def total(entries):
    return sum(entry.cents for entry in entries)


def by_category(entries):
    sums = {}
    for entry in entries:
        sums[entry.category] = sums.get(entry.category, 0) + entry.cents
    return sums


def lines(entries):
    found = [f"{name} {money.show(cents)}" for name, cents in by_category(entries).items()]
    return [*found, f"total {money.show(total(entries))}"]
=== ledger/cli.py
"""The command."""

from ledger import entries, report


def main(text):
    return "\\n".join(report.lines(entries.read(text)))
=== tests/test_money.py
from ledger import money


def test_parse():
    assert money.parse("12.50") == 1250


def test_show():
    assert money.show(1250) == "12.50"


def test_parse_refund():
    assert money.parse("-1.50") == -150


def test_show_refund():
    assert money.show(-150) == "-1.50"
=== tests/test_entries.py
from ledger import entries


def test_line():
    assert entries.read_line("2026-01-02 food 1.00").cents == 100


def test_comments():
    assert len(entries.read("# mine\\n\\n2026-01-02 food 1.00\\n")) == 1


def test_blanks():
    assert entries.read_line("2026-01-02 office rent 1.00").category == "office rent"
=== tests/test_report.py
from ledger import entries, report

TEXT = "2026-01-02 rent 9.00\\n2026-01-03 food 1.00\\n"


def test_total():
    assert report.total(entries.read(TEXT)) == 1000


def test_sorted():
    assert list(report.by_category(entries.read(TEXT))) == ["food", "rent"]
=== tests/test_cli.py
from ledger import cli


def test_runs():
    assert cli.main("2026-01-02 food 1.00").endswith("food 1.00\\ntotal 1.00")


def test_title():
    assert cli.main("2026-01-02 food 1.00").startswith("Ledger\\n")
'''

GOAL = "refunds, comments and a report with a title"

STEPS = (
    """\
- [ ] Let `parse` take refunds, which begin with a minus.
  - where: `ledger/money.py`, `parse`
  - must pass: lint, tests, `tests/test_money.py::test_parse_refund`
  - at most: 8 lines
  - leave alone: `tests/**`, `show`
""",
    """\
- [ ] Let `show` write the minus of a refund first.
  - where: `ledger/money.py`, `show`
  - must pass: `tests/test_money.py::test_show_refund`
  - at most: 6 lines
""",
    """\
- [ ] Skip empty lines and comments, which begin with `#`, in `read`.
  - where: `ledger/entries.py`, `read`
  - must pass: `tests/test_entries.py::test_comments`
  - at most: 4 lines
""",
    """\
- [ ] Return the categories in the order of their names from `by_category`.
  - where: `ledger/report.py`, `by_category`
  - must pass: `tests/test_report.py`
  - at most: 2 lines
  - leave alone: `total`, `lines`
""",
    """\
- [ ] Begin the report with a title: `lines` takes it, and `main` says `Ledger`.
  - where: `ledger/report.py`, `lines`
  - where: `ledger/cli.py`, `main`
  - must pass: `tests/test_cli.py`
  - at most: 8 lines
""",
    """\
- [ ] Let categories hold blanks in `read_line`.
  - where: `ledger/entries.py`, `read_line`
  - must pass: `tests/test_entries.py::test_blanks`
  - at most: 1 line
""",
)
ANEW = STEPS[5].replace("Let categories hold", "Split off date and amount, so that categories hold")
ANEW = ANEW.replace("at most: 1 line", "at most: 4 lines")
PLAN = f"# Plan: {GOAL}\n\n{''.join(STEPS)}"

RIGHT = {
    "parse": """\
def parse(text):
    whole, _, cents = text.strip().partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 100 + sign * int(cents or 0)
""",
    "show": """\
def show(cents):
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
""",
    "read": """\
def read(text):
    found = (line for line in text.splitlines() if line.strip() and line[0] != "#")
    return [read_line(line) for line in found]
""",
    "by_category": """\
def by_category(entries):
    sums = {}
    for entry in entries:
        sums[entry.category] = sums.get(entry.category, 0) + entry.cents
    return dict(sorted(sums.items()))
""",
    "lines": """\
def lines(entries, title):
    found = [f"{name} {money.show(cents)}" for name, cents in by_category(entries).items()]
    return [title, *found, f"total {money.show(total(entries))}"]
""",
    "main": """\
def main(text):
    return "\\n".join(report.lines(entries.read(text), "Ledger"))
""",
    "read_line": """\
def read_line(line):
    date, rest = line.split(maxsplit=1)
    category, amount = rest.rsplit(maxsplit=1)
    return Entry(date, category, money.parse(amount))
""",
}
WRONG = {
    "parse": RIGHT["parse"].replace("-1 if", "1 if"),
    "by_category": """\
def by_category(entries):
    sums = {}
    for entry in sorted(entries, key=lambda each: each.category):
        old = sums.get(entry.category, 0)
        sums[entry.category] = old + entry.cents
    return sums
""",
    "read": "I would rather skip the comments.",
}
"""What the fast model says first: it fails the test, is too large, is no code."""

_REGION = re.compile(r"The region to rewrite:\n```\w*\n(?:@.*\n)*def (\w+)")


def put(workspace: Path) -> None:
    """Write the project and its plan into a folder."""
    projects.make(workspace, PROJECT)
    (workspace / "plan.md").write_text(PLAN)


class Models:
    """Both models behind one address: a function for ``FakeModel``. ``asked`` counts by name."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __call__(self, body: dict[str, Any]) -> str:
        """Answer a request."""
        said = "\n".join(str(message["content"]) for message in body["messages"])
        if body["model"] == SLOW:
            return self._slow(said)
        match = _REGION.search(said)
        assert match is not None, said
        name = match[1]
        self.asked[name] += 1
        first = self.asked[name] == 1 and name in WRONG
        code = WRONG[name] if first else RIGHT[name]
        return f"```python\n{code}```\n" if code.startswith("def") else code

    def _slow(self, said: str) -> str:
        if "is to be replaced" in said:
            self.asked["anew"] += 1
            return ANEW
        if "Goal: " in said:
            self.asked["plan"] += 1
            return "".join(STEPS)
        self.asked["advice"] += 1
        return "Change as few lines as you can."


def fake(models: Models, **options: Any) -> FakeModel:
    """Return the server of both models."""
    return FakeModel(models, models=(FAST, SLOW), **options)


def config(fake: FakeModel, **verify: Any) -> str:
    """Return a user's configuration for it."""
    one = f'base_url = "{fake.base_url}"\nmodel = '
    return (
        f'[models.fast]\n{one}"{FAST}"\n[models.slow]\n{one}"{SLOW}"\n'
        "[repair]\nrounds = 1\ncandidates = 1\n"
        f'[verify]\npython = "{sys.executable}"\n'
    )
