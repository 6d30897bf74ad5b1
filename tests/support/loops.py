"""A project in which many functions do the same clumsy thing, and tests for each of them.

What a skill of one edit is good for: ``range(len(...))`` where the items alone are wanted. One
function needs the number, so that the same change would break it; one is kept as it is by a test.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from support import desk
from support.buffer import Buffer
from support.clamp import fenced, reach
from support.editor import Editor

FIRST = "shop/total.py"
FILE = ".agents/skills/loop-over-items/SKILL.md"
ASK = "loop over the items themselves"
LINES = (0, 5)
"""The zero-based lines ``[start, end)`` of each function."""
NAMES = (
    *("total", "largest", "count_even", "joined", "doubled", "positive"),
    *("lengths", "upper", "product", "squares", "last_seen", "any_long"),
)
BODIES = {
    "total": ("result = 0", "result += items[i]", "result"),
    "largest": ("result = items[0]", "result = max(result, items[i])", "result"),
    "count_even": ("result = 0", "result += items[i] % 2 == 0", "result"),
    "joined": ("result = ''", "result += items[i]", "result"),
    "doubled": ("result = []", "result.append(items[i] * 2)", "result"),
    "positive": ("result = []", "result += [items[i]] if items[i] > 0 else []", "result"),
    "lengths": ("result = []", "result.append(len(items[i]))", "result"),
    "upper": ("result = []", "result.append(items[i].upper())", "result"),
    "product": ("result = 1", "result *= items[i]", "result"),
    "squares": ("result = []", "result.append(items[i] ** 2)", "result"),
    "last_seen": ("result = None", "result = items[i]", "result"),
    "any_long": ("result = False", "result = result or len(items[i]) > 3", "result"),
}
TESTS = {
    "total": "[1, 2]) == 3",
    "largest": "[1, 3, 2]) == 3",
    "count_even": "[1, 2, 4]) == 2",
    "joined": "['a', 'b']) == 'ab'",
    "doubled": "[1, 2]) == [2, 4]",
    "positive": "[1, -1]) == [1]",
    "lengths": "['a', 'bc']) == [1, 2]",
    "upper": "['a']) == ['A']",
    "product": "[2, 3]) == 6",
    "squares": "[2, 3]) == [4, 9]",
    "last_seen": "[2, 3]) == 3",
    "any_long": "['abcd']) is True",
}
NUMBERED = """\
def numbered(items):
    result = []
    for i in range(len(items)):
        result.append(f"{i}: {items[i]}")
    return result
"""
"""Needs the number: where a model takes it away, lint and the tests say so."""
ALREADY = "def mean(items):\n    return sum(items) / len(items)\n"

PLACES = "for i in range(len(...)):"
SKILL = f"""\
---
name: loop-over-items
description: Loops over items, not over their numbers. Use it where range(len()) is looped over.
metadata:
  festina-files: "**/*.py"
  festina-places: |-
    {PLACES}
---

## When to use

A loop over `range(len(items))` that only takes `items[i]`.

## Steps

1. Write `for item in items:` and `item` for each `items[i]`.

## Bounds

- Leave the lines as they are where the number itself is wanted.

## Checks

- The tests and lint pass.
"""


def function(name: str) -> str:
    """Return a function as it is before the change."""
    begin, step, end = BODIES[name]
    lines = [f"def {name}(items):", f"    {begin}", "    for i in range(len(items)):"]
    return "\n".join([*lines, f"        {step}", f"    return {end}", ""])


def converted(source: str) -> str:
    """Return a function as a model writes it that follows the skill."""
    source = source.replace("for i in range(len(items)):", "for item in items:")
    return source.replace("items[i]", "item")


def put(workspace: Path, names: tuple[str, ...] = NAMES) -> None:
    """Write the project: a module for each function, with a test."""
    (workspace / "shop").mkdir(parents=True)
    (workspace / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (workspace / "shop" / "__init__.py").write_text("")
    (workspace / "shop" / "mean.py").write_text(ALREADY)
    (workspace / "shop" / "numbered.py").write_text(NUMBERED)
    tests = ["from shop.numbered import numbered\n"]
    tests += [f"from shop.{name} import {name}\n" for name in names]
    tests.append("\n\ndef test_numbered():\n    assert numbered(['a']) == ['0: a']\n")
    for name in names:
        (workspace / "shop" / f"{name}.py").write_text(function(name))
        tests.append(f"\n\ndef test_{name}():\n    assert {name}({TESTS[name]}\n")
    (workspace / "test_shop.py").write_text("".join(tests))


def asked_region(body: dict[str, Any]) -> str:
    """Return the region that a model is asked to rewrite."""
    asked = body["messages"][1]["content"].split("The region to rewrite:\n```python\n")[1]
    return asked.split("\n```")[0] + "\n"


def writes_skill(body: dict[str, Any]) -> bool:
    """Whether a request asks for a skill."""
    return body["messages"][0]["content"].startswith("You write an Agent Skill")


def model(body: dict[str, Any], skill: str = SKILL) -> str:
    """Answer as both models: a skill where one is asked for, else the region converted."""
    if writes_skill(body):
        return skill
    return fenced(converted(asked_region(body)))


def renamed(skill: str, name: str) -> str:
    """Return the skill under another name."""
    return re.sub(r"^name: .*$", f"name: {name}", skill, flags=re.MULTILINE)


async def accept(editor: Editor, name: str = "total", **more: Any) -> tuple[Buffer, str]:
    """Ask for an edit of a module, and accept it by code action; return its buffer and id."""
    buffer = await editor.open(f"shop/{name}.py")
    start, end = ({"line": line, "character": 0} for line in LINES)
    argument = {"uri": buffer.uri, "range": {"start": start, "end": end}, "instruction": ASK}
    answer = await editor.execute("festina.propose", {**argument, **more})
    proposal = answer["proposal"]
    if editor.preset.proposals:
        await reach(editor, proposal, "ready")
    else:
        await editor.until(lambda: "ready" in map(desk.state_of, editor.diagnostics(buffer)))
    (action, *_) = await editor.code_actions(buffer, LINES)
    await editor.choose(action)
    await editor.until(lambda: buffer.text == converted(function(name)))
    return buffer, proposal


async def told(editor: Editor, words: str) -> str:
    """Wait for a message with these words, and return it."""
    return await editor.until(
        lambda: next((said for said in editor.messages if words in said), ""), words
    )
