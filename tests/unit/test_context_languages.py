"""Context of JavaScript, TypeScript, Go and Rust: what must hold whatever the files are."""

import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festina import prompt
from festina.context import Wish, enclosing, gather
from festina.context.trees import grammars, outline, workspace
from festina.edits import Region
from festina.text import Text
from festina.verify.base import Snapshot
from support import marked
from support.secret_samples import FORMS

TOKEN = FORMS["a GitHub token"]
CART = """\
import { Money, cents } from "./money";

export function total(prices: Money[]): number {
  return prices.length * cents("1");
}

export function other(): number {
  return cents("2") + lonely();
}
"""
FILES = {
    "src/cart.ts": CART,
    "src/money.ts": (
        "export interface Money {\n  amount: number;\n}\n\n"
        "export function cents(text: string): number {\n  return Number(text);\n}\n"
    ),
    "src/far/lonely.ts": "export const lonely = () => 42;\n",
}
TOTAL, OTHER = (2, 5), (6, 9)


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def wish(folder, lines=TOTAL, path="src/cart.ts", language="typescript", **more):
    snapshot = more.pop("snapshot", None) or Snapshot(folder, trusted=True)
    text = Text(more.pop("text", None) or (folder / path).read_text())
    return Wish(snapshot, path, text, Region(*lines), "do it", language, **more)


def names(asked):
    return [each.name for each in gather(asked).context.definitions]


def sent(asked):
    gathered = gather(asked)
    request = prompt.build(
        gathered.prepared,
        gathered.instruction,
        path=asked.path,
        language=asked.language,
        attempt=0,
        context=gathered.context,
        secrets=gathered.hidden.any,
    )
    return [message.content for message in request.messages]


def test_definitions_of_other_files_are_sent_before_the_region(folder):
    *_, asked = sent(wish(folder))
    code = f"```typescript\n{FILES['src/money.ts'].rstrip()}\n```"
    assert f"What it uses from src/money.ts, for reading only:\n{code}" in asked
    assert asked.index("What it uses") < asked.index("The region to rewrite:")


def test_the_same_is_sent_in_the_same_order_each_time(folder):
    first = sent(wish(folder, OTHER))
    outline._outlines.clear()
    workspace._known.clear()
    assert sent(wish(folder, OTHER)) == first


def test_two_regions_of_a_file_share_the_beginning_of_their_prompts(folder):
    one, other = sent(wish(folder)), sent(wish(folder, OTHER))
    assert one[0] == other[0]
    differ = (n for n, (a, b) in enumerate(zip(one[1], other[1], strict=False)) if a != b)
    shared = one[1][: next(differ)]
    assert f"The file, for reading only:\n```typescript\n{CART}```" in shared
    assert "The region to rewrite" not in shared


def test_open_buffers_count_and_not_the_disk(folder):
    buffers = {
        "src/money.ts": "export type Money = bigint;\nexport const cents = String;\n",
        "src/only/open.ts": "export const lonely = 1;\n",
    }
    (folder / "src/far/lonely.ts").unlink()
    asked = wish(folder, (2, 9), snapshot=Snapshot(folder, buffers, trusted=True))
    assert [each.text for each in gather(asked).context.definitions] == [
        "export type Money = bigint;",
        "export const cents = String;",
        "export const lonely = 1;",
    ]


@pytest.mark.parametrize("name", [".gitignore", ".aiignore", ".cursorignore"])
@pytest.mark.parametrize(
    ("pattern", "left"), [("/src/money.ts", "lonely"), ("src/far/", "cents"), ("*y.ts", "")]
)
def test_nothing_of_an_ignored_file_is_sent(folder, name, pattern, left):
    (folder / name).write_text(f"{pattern}\n")
    asked = wish(folder, OTHER)
    assert names(asked) == ([left] if left else [])
    text = "".join(sent(asked))
    assert ("Number(text)" in text, "42" in text) == (left == "cents", left == "lonely")


def test_a_second_definition_in_an_ignored_file_does_not_hide_the_first(folder):
    (folder / "src/built").mkdir()
    (folder / "src/built/lonely.js").write_text("export const lonely = () => 43;\n")
    assert names(wish(folder, OTHER)) == ["cents"]
    (folder / ".gitignore").write_text("built/\n")
    assert names(wish(folder, OTHER)) == ["cents", "lonely"]


def test_a_link_to_what_is_outside_or_ignored_leads_nowhere(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "money.ts"
    outside.write_text("export const cents = 'outside';\n")
    (folder / "src/money.ts").unlink()
    (folder / "src/money.ts").symlink_to(outside)
    assert names(wish(folder)) == []
    (folder / "src/private.ts").write_text("export const cents = 'private';\n")
    (folder / ".aiignore").write_text("private.ts\n")
    (folder / "src/money.ts").unlink()
    (folder / "src/money.ts").symlink_to("private.ts")
    assert names(wish(folder)) == []
    (folder / ".aiignore").unlink()
    assert "cents" in names(wish(folder))


def test_an_import_leads_out_of_no_workspace(folder):
    inner = folder / "src"
    (folder / "money.ts").write_text("export const cents = 1;\n")
    text = (
        'import { cents } from "../../money";\n'
        f'import {{ a }} from "{folder}/money";\n'
        "cents(a);\n"
    )
    (inner / "far/a.ts").write_text(text)
    assert names(wish(inner, (2, 3), "far/a.ts")) == []
    assert names(wish(folder, (2, 3), "src/far/a.ts")) == ["cents"]


def test_secrets_in_definitions_are_replaced(folder):
    money = folder / "src/money.ts"
    body = "".join(f"  const a{n} = {n};\n" for n in range(20))
    money.write_text(
        f'/** Use "{TOKEN}". */\n'
        f'export function cents(text: string, key = "{TOKEN}") {{\n{body}}}\n'
        f'export type Money = "{TOKEN}";\n'
    )
    text = "".join(sent(wish(folder)))
    assert TOKEN not in text
    assert 'export function cents(text: string, key = "FESTINA-SECRET-1") {' in text


def test_of_a_long_file_the_heads_are_sent_and_its_own_definitions(folder):
    rest = "".join(f"\nfunction far{n}(x: number) {{\n  return x + {n};\n}}\n" for n in range(600))
    (folder / "src/cart.ts").write_text(CART.replace("lonely()", "far599(1)") + rest)
    context = gather(wish(folder, OTHER, tokens=4000)).context
    assert not context.whole
    assert 'import { Money, cents } from "./money";' in context.file
    assert "export function total(prices: Money[]): number {" in context.file
    assert "return x + 3" not in context.file
    assert [each.name for each in context.definitions] == ["cents", "far599"]


def test_generated_files_are_not_parsed(folder, monkeypatch):
    parsed = []
    monkeypatch.setattr(grammars, "_language", parsed.append)
    for text in ("x" * (grammars.MOST_CHARS + 1), f"var a = {'1 + ' * 2000}1;\n"):
        assert grammars.tree_of(f"export const cents = 1;\n{text}", "typescript") is None
    assert parsed == []


def test_in_a_workspace_of_too_many_files_names_are_found_through_imports_alone(
    folder, monkeypatch
):
    assert names(wish(folder, OTHER)) == ["cents", "lonely"]
    monkeypatch.setattr(workspace, "MOST_FILES", 2)
    assert names(wish(folder, OTHER)) == ["cents"]


def test_what_others_installed_or_built_is_no_place_to_look(folder):
    (folder / "src/far/lonely.ts").unlink()
    for name in ("node_modules", "dist", ".hidden"):
        (folder / name).mkdir()
        (folder / name / "a.ts").write_text("export const lonely = 1;\n")
    assert names(wish(folder, OTHER)) == ["cents"]


def test_files_that_import_each_other_in_circles_come_to_an_end(folder):
    for name, other in (("money", "rates"), ("rates", "money")):
        passed = f'export * from "./{other}";\nexport {{ Money }} from "./{other}";\n'
        (folder / f"src/{name}.ts").write_text(passed)
    assert names(wish(folder)) == []


def test_odd_files_do_no_harm(folder):
    (folder / "src/money.ts").write_bytes(b"\xff\xfe\x00export const cents = 1")
    (folder / "src/far/lonely.ts").unlink()
    (folder / "src/far/lonely.ts").symlink_to("lonely.ts")
    odd = '{"extends": 7, "compilerOptions": {"paths": [1], "baseUrl": {}}}'
    (folder / "tsconfig.json").write_text(odd)
    (folder / "package.json").write_text("[" * 5000)
    assert names(wish(folder, (0, 9))) == []


def test_without_tree_sitter_the_file_around_the_region_is_sent(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    grammars._language.cache_clear()
    for known in (grammars._trees, outline._outlines):
        known.clear()
    try:
        context = gather(wish(folder)).context
        assert (context.definitions, context.file) == ((), CART.rstrip())
        assert grammars.missing() == "tree_sitter"
    finally:
        grammars._language.cache_clear()
        outline._outlines.clear()


def test_other_threads_go_on_while_a_large_text_is_parsed():
    text = "export function a(x: number) { return [x, { y: x }]; }\n" * 4000
    grammars._trees.clear()
    parser = threading.Thread(target=grammars.tree_of, args=(text, "typescript"))
    turns = 0
    parser.start()
    while parser.is_alive():
        turns += 1
        time.sleep(0.001)  # gives the interpreter's lock away, and asks for it again
    assert turns > 5


def test_a_text_that_takes_too_long_has_no_tree(monkeypatch):
    grammars._trees.clear()
    monkeypatch.setattr(grammars, "MOST_SECONDS", -1.0)
    assert grammars.tree_of("export const a = 1;\n" * 1000, "typescript") is None


DEEP = {
    "namespaces.ts": "namespace a {\n" * 3000 + "}" * 3000,
    "patterns.ts": "function f(" + "{a:\n" * 3000 + "b" + "}" * 3000 + ") {}",
    "modules.rs": "mod a {\n" * 3000 + "}" * 3000,
    "uses.rs": "use a::" + "{b::\n" * 3000 + "c" + "}" * 3000 + ";",
    "blocks.go": "package a\nfunc f() " + "{\n" * 3000 + "}" * 3000,
    "elements.tsx": "const x = " + "<a>\n" * 3000,
}


@pytest.mark.parametrize("path", DEEP)
def test_code_in_code_in_code_is_read_without_a_mishap(path):
    snapshot = Snapshot(Path("/nowhere"), {path: DEEP[path]})
    text, language = Text(DEEP[path]), path.rpartition(".")[2]
    gather(Wish(snapshot, path, text, Region(1000, 1400), "x", language))
    enclosing(text, 1500, language, path)


# -- any text -------------------------------------------------------------------------------------

CASES = [marked.load(path) for path in sorted(marked.FOLDER.with_name("context").glob("*.txt"))]


@settings(max_examples=300)
@given(st.data())
def test_any_cut_of_a_file_is_read_without_a_mishap(data):
    """Of the one that is edited, and of those that it uses."""
    case = data.draw(st.sampled_from(CASES))
    path = data.draw(st.sampled_from(sorted(case.files)))
    text = case.files[path]
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    middle = data.draw(st.text(max_size=6))
    cut = data.draw(st.sampled_from([text[start:end], text[:start] + middle + text[end:]]))
    buffers = {**case.files, path: cut}
    whole = Text(buffers[case.marked])
    count = len(whole.lines)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, count)] * 2)))
    language = case.marked.rpartition(".")[2]
    snapshot = Snapshot(Path("/nowhere"), buffers)
    gather(Wish(snapshot, case.marked, whole, Region(first, last), "x", language))
    line = min(first, max(0, count - 1))
    found = enclosing(whole, line, language, case.marked)
    if found is not None:
        assert 0 <= found[0].start <= line < found[0].end <= count
