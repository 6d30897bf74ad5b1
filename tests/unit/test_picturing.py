"""The hover with pictures of the pages that an edit shows in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from festina.edits import Region
from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.lsp.features import picturing
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.shots import Shot
from festina.text import Text

URI = "file:///w/a.css"


@pytest.fixture
def shots(tmp_path: Path) -> tuple[Shot, ...]:
    paths = [tmp_path / f"{name}.png" for name in ("375", "768", "1280", "before")]
    for path in paths:
        path.touch()
    return tuple(
        Shot("/index.html", width, str(tmp_path / f"{width}.png"), str(paths[-1]))
        for width in (375, 768, 1280)
    )


def proposal(gate: GateResult | None, state: State = State.READY) -> Proposal:
    verdict = None if gate is None else Verdict.of((gate,), seconds=0.5)
    view = CandidateView(0, CandidateStatus.PASSED, "b\n", verdict)
    base, region = Text("x\na\n"), Region(1, 2)
    made = Proposal(id="p1", uri=URI, version=1, base=base, region=region, instruction="b")
    return replace(made, state=state, candidates=(view,), message="")


def pictured(*live: Proposal, line: int = 1) -> Proposal | None:
    app = SimpleNamespace(session=SimpleNamespace(live=lambda uri: live if uri == URI else ()))
    return picturing.pictured(app, URI, line)  # type: ignore[arg-type]


def test_there_is_something_to_see_on_the_first_line_of_a_region_with_pictures(shots):
    looked = proposal(GateResult(Gate.BROWSER, Status.PASSED, shots=shots))
    assert pictured(proposal(None), looked) is looked
    assert pictured(looked, line=0) is None
    assert pictured(proposal(None)) is None
    assert pictured(proposal(GateResult(Gate.LINT, Status.PASSED))) is None


def test_a_good_edit_is_shown_at_its_narrowest_and_widest(shots):
    page = picturing.page(
        proposal(GateResult(Gate.BROWSER, Status.PASSED, shots=shots)), markdown=True
    )
    assert page.startswith("**Festina: ready: browser ok (1 page at 3 widths), 500 ms")
    pictures = [line for line in page.split("\n") if line.startswith("![")]
    before = Path(shots[0].before or "").as_uri()
    assert pictures == [
        f"![with the edit]({Path(shots[0].path).as_uri()})",
        f"![without it]({before})",
        f"![with the edit]({Path(shots[2].path).as_uri()})",
        f"![without it]({before})",
    ]


def test_a_rejected_edit_is_shown_where_it_is_wrong_and_nothing_in_the_words_is_a_picture(shots):
    words = 'index.html at 375 px: <a href="command:x">![x](http://a.example/x.png)'
    found = Finding(Gate.BROWSER, "a.css", words, screenshot=shots[0].path)
    gate = GateResult(Gate.BROWSER, Status.FAILED, findings=(found, found), shots=shots)
    page = picturing.page(proposal(gate, State.REJECTED), markdown=True)
    assert "browser failed" in page
    assert page.count("![") == page.count("![with the edit]") + page.count("![without")
    assert page.count("](file://") == 2
    assert '`<a href="command:x">`' in page, "which can be read, and not clicked"
    assert "<a" not in page.replace("`<a", "")


def test_what_is_wrong_comes_before_the_page_that_it_is_in(shots, tmp_path):
    part = tmp_path / "part.png"
    part.touch()
    found = Finding(Gate.BROWSER, "a.css", "too pale", screenshot=str(part))
    gate = GateResult(Gate.BROWSER, Status.FAILED, findings=(found,), shots=shots)
    page = picturing.page(proposal(gate, State.REJECTED), markdown=True)
    pictures = [line.partition("](")[2][:-1] for line in page.split("\n") if line.startswith("![")]
    assert pictures == [
        Path(path or "").as_uri() for path in (part, shots[0].path, shots[0].before)
    ]
    assert "- too pale\n\nwith the edit:" in page
    assert "index.html at 375 px\n\nwith the edit:" in page


def test_what_is_gone_from_the_cache_is_left_out_and_plain_text_has_paths(shots):
    Path(shots[0].before or "").unlink()
    gate = GateResult(Gate.BROWSER, Status.PASSED, shots=shots[:1])
    page = picturing.page(proposal(gate), markdown=False)
    assert f"with the edit: {shots[0].path}\n" in page
    assert "without it" not in page
    hover = picturing.hover(page, markdown=False)
    assert (hover.contents.kind, hover.contents.value) == ("plaintext", page)  # type: ignore[union-attr]
