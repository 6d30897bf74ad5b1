"""Conversions to and from the protocol: positions, edits, findings and URIs."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from festina import edits
from festina.edits import LineEdit
from festina.findings import Finding, Gate, Severity
from festina.lsp import convert
from festina.lsp.capabilities import Caps
from festina.lsp.convert import Annotation, DocumentEdits
from festina.text import Encoding, Position, Range, Text
from support.edits_on_text import apply_text_edits, offset_of

ENCODINGS = st.sampled_from(Encoding)
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
BODY = st.text(st.sampled_from("abä😋\t\f\u2028\x85 "), max_size=6)
TEXT = st.builds(
    lambda lines, last: "".join(body + end for body, end in lines) + last,
    st.lists(st.tuples(BODY, LINE_ENDS), max_size=6),
    BODY,
)


def rng(*numbers: int) -> lsp.Range:
    a, b, c, d = numbers
    return lsp.Range(start=lsp.Position(a, b), end=lsp.Position(c, d))


# -- positions and edits --------------------------------------------------------------------


def test_range_from_the_wire_is_put_in_order() -> None:
    wire = rng(3, 1, 2, 0)
    assert convert.from_range(wire) == Range(Position(2, 0), Position(3, 1))
    assert wire == rng(3, 1, 2, 0)  # not changed in place
    assert convert.to_range(Range(Position(1, 2), Position(3, 4))) == rng(1, 2, 3, 4)


@given(TEXT, ENCODINGS, st.data())
@example("a\nb", Encoding.UTF16, None)
@example("", Encoding.UTF8, None)
def test_text_edits_do_what_line_edits_do(
    content: str, encoding: Encoding, data: st.DataObject | None
) -> None:
    text = Text(content)
    count = len(text.lines)
    cuts = [0, count] if data is None else data.draw(st.lists(st.integers(0, count), max_size=6))
    cuts = sorted(cuts)[: len(cuts) // 2 * 2]
    bounds = list(zip(cuts[::2], cuts[1::2], strict=True))
    new = [f"new {index}\n" for index in range(len(bounds))]
    # two edits that touch in a place where one of them is an insertion have no order on the wire
    pairs = [
        (start, end, line)
        for index, ((start, end), line) in enumerate(zip(bounds, new, strict=True))
        if index == 0 or start > bounds[index - 1][1]
    ]
    line_edits = [LineEdit(start, end, line) for start, end, line in pairs]
    wire = convert.text_edits(text, line_edits, encoding)
    assert apply_text_edits(content, wire, encoding) == edits.apply(text, line_edits).content


@pytest.mark.parametrize(
    ("content", "lines", "expected"),
    [
        ("a\nb\n", (1, 2), (1, 0, 2, 0)),
        ("a\nb", (1, 2), (1, 0, 1, 1)),
        ("a\n😋", (0, 2), (0, 0, 1, 2)),
        ("a\nb", (2, 2), (1, 1, 1, 1)),
        ("a\nb\n", (2, 2), (2, 0, 2, 0)),
        ("", (0, 0), (0, 0, 0, 0)),
    ],
)
def test_line_range_has_only_positions_of_the_document(
    content: str, lines: tuple[int, int], expected: tuple[int, ...]
) -> None:
    assert convert.line_range(Text(content), *lines, Encoding.UTF16) == rng(*expected)


@pytest.mark.parametrize(
    ("content", "lines", "expected"),
    [
        ("a\nbcd\r\n", (0, 2), (0, 0, 1, 3)),
        ("a\nbcd\r\n", (1, 9), (1, 0, 1, 3)),
        ("a😋\n", (0, 1), (0, 0, 0, 3)),
        ("a\n", (1, 1), (0, 0, 0, 1)),
        ("", (0, 1), (0, 0, 0, 0)),
    ],
)
def test_range_to_show_ends_before_the_line_end(
    content: str, lines: tuple[int, int], expected: tuple[int, ...]
) -> None:
    assert convert.lines_range(Text(content), *lines, Encoding.UTF16) == rng(*expected)


# -- workspace edits ------------------------------------------------------------------------

EDIT = lsp.TextEdit(range=rng(0, 0, 1, 0), new_text="x\n")
DOCUMENT = DocumentEdits("file:///a", 7, [EDIT])
ANNOTATION = Annotation("Festina", "ruff ok", confirm=True)


def test_poor_client_gets_plain_changes() -> None:
    edit = convert.workspace_edit([DOCUMENT], Caps(change_annotations=True), ANNOTATION)
    assert edit == lsp.WorkspaceEdit(changes={"file:///a": [EDIT]})


def test_versions_go_where_they_are_understood() -> None:
    edit = convert.workspace_edit([DOCUMENT], Caps(document_changes=True), ANNOTATION)
    assert edit.changes is None
    assert edit.change_annotations is None
    change = edit.document_changes[0]
    assert (change.text_document.version, change.edits) == (7, [EDIT])


def test_annotations_come_with_their_map() -> None:
    caps = Caps(document_changes=True, change_annotations=True)
    edit = convert.workspace_edit([DOCUMENT], caps, ANNOTATION)
    (identifier,) = {e.annotation_id for e in edit.document_changes[0].edits}
    wanted = lsp.ChangeAnnotation(label="Festina", needs_confirmation=True, description="ruff ok")
    assert edit.change_annotations == {identifier: wanted}
    assert convert.workspace_edit([DOCUMENT], caps).change_annotations is None


# -- findings -------------------------------------------------------------------------------

FINDING = Finding(Gate.LINT, "a.py", "unused", line=1, column=3, end_line=1, end_column=4)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        (Encoding.UTF8, (0, 5, 0, 6)),
        (Encoding.UTF16, (0, 3, 0, 4)),
        (Encoding.UTF32, (0, 2, 0, 3)),
    ],
)
def test_columns_of_findings_count_characters(
    encoding: Encoding, expected: tuple[int, ...]
) -> None:
    assert convert.finding_range(FINDING, Text("x😋y = 1\n"), encoding) == rng(*expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"line": None}, (0, 0, 0, 2)),
        ({"line": 2, "column": None, "end_line": None}, (1, 0, 1, 4)),
        ({"line": 99, "end_line": None, "column": None}, (1, 0, 1, 4)),
        ({"line": 2, "end_line": 1}, (1, 2, 1, 3)),
        ({"line": 2, "end_line": 2, "column": 4, "end_column": 2}, (1, 3, 1, 3)),
        ({"line": 2, "end_line": None, "end_column": None}, (1, 2, 1, 2)),
    ],
)
def test_finding_with_gaps_still_has_a_place(
    fields: dict[str, int | None], expected: tuple[int, ...]
) -> None:
    finding = dataclasses.replace(FINDING, **fields)
    assert convert.finding_range(finding, Text("ab\ncdef\n"), Encoding.UTF16) == rng(*expected)


def test_finding_without_text_is_placed_as_well_as_may_be() -> None:
    assert convert.finding_range(FINDING, None, Encoding.UTF16) == rng(0, 2, 0, 3)


@given(TEXT, ENCODINGS, st.integers(0, 9), st.integers(0, 9), st.sampled_from(Severity))
def test_diagnostic_becomes_a_finding_and_back(
    content: str, encoding: Encoding, line: int, column: int, severity: Severity
) -> None:
    text = Text(content)
    diagnostic = lsp.Diagnostic(
        range=rng(line, column, line + 1, column),
        message="m",
        severity=convert.to_severity(severity),
        code=7,
    )
    finding = convert.from_diagnostic(diagnostic, "a.py", text, encoding)
    assert (finding.severity, finding.code, finding.gate) == (severity, "7", Gate.LINT)
    again = convert.finding_range(finding, text, encoding)
    for before, after in ((diagnostic.range.start, again.start), (diagnostic.range.end, again.end)):
        assert offset_of(content, before, encoding) == offset_of(content, after, encoding)


def test_diagnostic_of_a_test_belongs_to_the_tests() -> None:
    diagnostic = lsp.Diagnostic(range=rng(0, 0, 0, 0), message="m", source="pytest")
    finding = convert.from_diagnostic(diagnostic, "a.py", Text(""), Encoding.UTF8)
    assert (finding.gate, finding.severity, finding.code) == (Gate.TESTS, Severity.ERROR, None)


# -- URIs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/a%20b/c%23d.py", "/home/a b/c#d.py"),
        ("file:///home/%C3%A4.py", "/home/ä.py"),
        ("file:///home/ä.py", "/home/ä.py"),
        ("FILE:///a.py", "/a.py"),
        ("file://localhost/a.py", "/a.py"),
        ("file:///unescaped#hash?.py", "/unescaped#hash?.py"),
        ("file:///100%25.py", "/100%.py"),
        ("file:///", "/"),
    ],
)
def test_file_uri_names_a_path(uri: str, path: str) -> None:
    assert convert.to_path(uri) == Path(path)


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "vscode-notebook-cell:/home/n.ipynb#C1",
        "vscode-notebook-cell://wsl/home/n.ipynb#C1",
        "git:/a.py?ref=HEAD",
        "http://localhost/a.py",
        "file://server/share/a.py",
        "file:a.py",
        "file://",
        "file:///a%00b",
        "/a.py",
        "",
    ],
)
def test_other_uris_name_none(uri: str) -> None:
    assert convert.to_path(uri) is None


NAME = st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1)


@given(st.lists(NAME, min_size=1, max_size=3))
@example(["a b", "ä#?%41", "c:d"])
@example([os.fsdecode(b"latin-\xe4")])
def test_every_path_survives(names: list[str]) -> None:
    path = Path("/", *names)
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return  # no file can have that name
    uri = convert.to_uri(path)
    assert uri.isascii()
    assert convert.to_path(uri) == path


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"workspaceFolders": ["file:///a", "file:///b", "file:///a"]}, ["/a", "/b"]),
        ({"workspaceFolders": ["vscode-remote://x/a", "file:///b"]}, ["/b"]),
        ({"workspaceFolders": ["file:///a"], "rootUri": "file:///c"}, ["/a"]),
        ({"workspaceFolders": [], "rootUri": "file:///c"}, ["/c"]),
        ({"rootUri": "file:///c", "rootPath": "/d"}, ["/c"]),
        ({"rootPath": "/d"}, ["/d"]),
        ({}, []),
    ],
)
def test_roots(fields: dict[str, list[str] | str], expected: list[str]) -> None:
    folders = fields.get("workspaceFolders")
    params = lsp.InitializeParams(
        capabilities=lsp.ClientCapabilities(),
        root_uri=fields.get("rootUri"),
        root_path=fields.get("rootPath"),
        workspace_folders=None
        if folders is None
        else [lsp.WorkspaceFolder(uri=uri, name="n") for uri in folders],
    )
    assert convert.roots(params) == tuple(Path(path) for path in expected)
