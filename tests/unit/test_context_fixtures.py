"""What a region of JavaScript, TypeScript, Go or Rust uses of other files, case by case.

See ``support.marked`` for what a case looks like; ``tests/fixtures/context`` has them.
"""

from __future__ import annotations

import pytest

from festina import edits
from festina.context import TOKENS, Wish, enclosing, gather
from festina.text import Encoding
from festina.verify.base import Snapshot
from support import marked

FOLDER = marked.FOLDER.with_name("context")
FILES = sorted(FOLDER.glob("*.txt"))


def outcome(case, workspace):
    """Return the region, and the definitions as they are sent."""
    for name, text in case.files.items():
        file = workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    language = case.marked.rpartition(".")[2]
    region = edits.snap(case.text, case.range, Encoding.UTF16)
    head = ""
    if region.start == region.end:
        found = enclosing(case.text, case.range.start.line, language, case.marked)
        if found is None:
            return "region: none\n"
        region, name = found
        head = f"region: lines {region.start + 1}-{region.end}, {name}\n"
    wish = Wish(
        Snapshot(workspace, trusted=True),
        case.marked,
        case.text,
        region,
        "do it",
        language,
        tokens=TOKENS,
    )
    definitions = gather(wish).context.definitions
    return head + "".join(
        f"=== {each.path}:{each.line}  {each.name}\n{each.text}\n" for each in definitions
    )


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_what_is_handed_over_is_what_the_fixture_says(path, tmp_path, pytestconfig):
    case = marked.load(path)
    came = outcome(case, tmp_path)
    if pytestconfig.getoption("update_fixtures"):
        marked.store(case, came)
        return
    assert came == case.section(marked.EXPECTED), "right? pytest --update-fixtures writes it"


def test_there_are_fixtures():
    assert len(FILES) >= 17
