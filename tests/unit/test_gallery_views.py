"""How a file can be seen: live, or in pictures alone, and what a card says of that."""

from dataclasses import replace

import pytest

from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.gallery import preview
from festina.gallery.cards import Entry, Maker, Subject
from festina.gallery.preview import Files
from festina.gallery.views import View, view
from festina.proposals import CandidateStatus as Is
from festina.shots import Shot

PAGE = "<!doctype html><link rel=stylesheet href=site.css><p>old</p>\n"


def seen(path, text="", pictured=True):
    return view(path, text, pictured=pictured)


@pytest.mark.parametrize("path", ["index.HTML", "a/b.css", "logo.svg"])
def test_pages_style_sheets_and_drawings_are_seen_live(path):
    assert seen(path, PAGE).live


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("a.html", "<ul>{% for one in all %}<li>{{ one }}</ul>", "a template"),
        ("a.html", "<p><?php echo 1 ?></p>", "a template"),
        ("page.jinja2", "<p>old</p>", "a template"),
        ("Card.vue", "<template></template>", "a component"),
        ("card.js", "customElements.define()", "a component"),
        ("site.scss", "a { b { color: red } }", "a program makes the style sheet"),
    ],
)
def test_what_makes_no_document_by_itself_is_not_seen_live_and_that_is_said(path, text, words):
    found = seen(path, text)
    assert not found.live
    assert found.words.startswith("No live view: ")
    assert words in found.words


@pytest.mark.parametrize("path", ["mod.py", "card.js", "types.ts", "site.scss"])
def test_what_no_browser_looks_at_is_not_spoken_of(path):
    assert seen(path, pictured=False) is None


def test_a_component_is_spoken_of_even_where_no_browser_looks_at_it():
    assert not seen("Card.svelte", pictured=False).live


def test_a_style_sheet_that_no_page_names_is_not_seen_live(tmp_path):
    (tmp_path / "index.html").write_text(PAGE)
    files = Files(tmp_path)
    assert preview.view(files, "site.css", "p {}", pictured=False).live
    unused = preview.view(files, "other.css", "p {}", pictured=False)
    assert (unused.live, "no page near it names" in unused.words) == (False, True)


def test_of_a_page_with_scripts_it_is_said_that_they_are_not_run(tmp_path):
    files = Files(tmp_path)
    still = preview.view(files, "a.html", "<p>x</p><SCRIPT src=a.js></script>", pictured=False)
    assert still.live
    assert "what they draw is missing" in still.words
    assert "missing" not in preview.view(files, "a.html", "<p>x</p>", pictured=False).words


def test_a_drawing_is_shown_as_an_image(tmp_path):
    shown = preview.render(Files(tmp_path), "a.svg", '<svg onload="alert(1)"/>')
    assert 'src="data:image/svg+xml;base64,' in shown
    assert "onload" not in shown


# -- what a card says ---------------------------------------------------------------------

LIVE, NONE = View(True, "Live"), View(False, "No live view: so it is")
SHOT = Shot("/index.html", 375, "/cache/after.png", "/cache/before.png")


def card(view, *results, pictured=True, status=Is.PASSED):
    verdict = Verdict(Status.PASSED, results).to_json() if results else None
    subject = Subject("card.js", "card", "javascript", "x", "a\n", view=view, pictured=pictured)
    return Maker().board(subject, [Entry(0, status, "b\n", "", verdict)]).cards[0]


def test_a_card_says_what_it_shows_and_why_it_shows_no_more():
    looked = GateResult(Gate.BROWSER, Status.PASSED, shots=(SHOT,))
    unsure = GateResult(Gate.BROWSER, Status.UNVERIFIED, reason="There is no browser.")
    assert card(NONE, looked)["seen"].startswith("No live view: so it is. The pictures are of")
    assert card(NONE, unsure)["seen"] == "No live view: so it is. No pictures: There is no browser."
    assert card(NONE, status=Is.VERIFYING)["seen"].endswith("Pictures come with the verdict.")
    assert "`verify.browser` says" in card(NONE, pictured=False)["seen"]
    assert card(LIVE, pictured=False)["seen"] == "Live."
    assert [card(one)["looks"] for one in (LIVE, NONE, None)] == ["look/0", "", ""]
    assert card(None, looked)["seen"] == ""


def test_what_scripts_draw_is_seen_as_a_browser_has_drawn_it():
    drawn = replace(SHOT, still="/cache/page.html")
    looked = GateResult(Gate.BROWSER, Status.PASSED, shots=(drawn,))
    board = card(NONE, looked)
    assert board["looks"] == "still/2"
    assert board["seen"].startswith("Live, as a browser has drawn it, in a frame that runs nothing")
    assert "/cache" not in str(board)
    assert card(LIVE, looked)["looks"] == "still/2"
    assert card(replace(LIVE, whole=True), looked)["looks"] == "look/0"
    assert card(None, looked)["looks"] == ""


def test_the_picture_of_what_is_wrong_comes_first_and_no_picture_comes_twice():
    wrong = Finding(Gate.BROWSER, "card.js", "too pale", screenshot="/cache/price.png")
    again = Finding(Gate.BROWSER, "card.js", "too wide", screenshot=SHOT.path)
    looked = GateResult(Gate.BROWSER, Status.FAILED, findings=(wrong, again), shots=(SHOT,))
    first, second = card(NONE, looked, status=Is.FAILED)["shots"]
    assert first == {"wrong": "too pale", "picture": 0}
    assert (second["page"], second["picture"], second["before"]) == ("/index.html", 1, 2)
