"""What of a look at a page is new, and how a person is told."""

from __future__ import annotations

from festina.gate_browser import CHECKS
from festina.verify.browser_said import file_of, findings
from festina.verify.browser_seen import Seen, added, grouped, in_both, read
from support.fake_chromium import error, said


def axe(place="p", html='<p class="price">', why="contrast of 2.1 (#aaa on #fff)", rule="c"):
    return {"rule": rule, "place": place, "html": html, "why": why, "help": "Help", "more": "url"}


def wide(place="div", by=100, width=375, html='<div class="card">', kind="beyond"):
    return {"kind": kind, "by": by, "place": place, "html": html, "width": width}


def problems(page="/index.html", checks=CHECKS, **what):
    return list(read(page, said(**what), checks).problems)


def told(found, old="", new="", path="site/a.css", folder="site", files=(), seen=None):
    return findings(found, path, folder, (old, new), files, seen or {})


def test_each_old_problem_accounts_for_one_new_one():
    one, two = problems(axe=[axe()]), problems(axe=[axe(), axe()])
    assert added(one, one) == []
    assert len(added(one, two)) == 1
    assert added(two, one) == []


def test_what_has_moved_or_was_renamed_is_the_same():
    old = problems(axe=[axe("main > p")])
    assert added(old, problems(axe=[axe("main > div > p")])) == []
    renamed = axe("main > div > b", html='<b class="cost">')
    assert added(old, problems(axe=[renamed])) == []
    worse = axe("main > div > b", html='<b class="cost">', why="contrast of 1.2 (#ddd on #fff)")
    assert len(added(old, problems(axe=[worse]))) == 1
    assert len(added(old, problems(axe=[axe(rule="d")]))) == 1


def test_a_page_that_gets_wider_still_is_worse():
    old = problems(layout=[wide(by=100)])
    assert added(old, problems(layout=[wide(by=104)])) == []
    assert len(added(old, problems(layout=[wide(by=300)]))) == 1
    assert len(added(old, problems(layout=[wide(by=100, width=768)]))) == 1


def test_errors_that_differ_in_numbers_are_the_same_ones():
    old = problems(errors=[error("took 12 ms")])
    assert added(old, problems(errors=[error("took 13 ms")])) == []
    assert len(added(old, problems(errors=[error("took 13 ms", kind="page")]))) == 1


def test_what_was_there_again_is_sure_however_wrong():
    some = problems(layout=[wide(by=100)], errors=[error("x"), error("y")])
    again = problems(layout=[wide(by=700)], errors=[error("y")])
    assert [one.message.split(":")[0] for one in in_both(some, again)] == [
        "console error",
        '<div class="card"> reaches 100 px beyond the right edge of the page',
    ]


def test_only_what_is_checked_is_told_and_a_crash_always():
    everything = {
        "errors": [error("x")],
        "requests": [{"path": "/a.png", "status": 404, "why": ""}],
        "links": [{"href": "b.html", "html": "<a>", "status": 404, "missing": False}],
        "axe": [axe()],
        "layout": [wide()],
        "crashed": True,
    }
    assert len(problems(**everything)) == 6
    for check in CHECKS:
        assert len(problems(checks=(check,), **everything)) == 2, check


def test_one_mistake_at_several_widths_and_pages_is_one_finding():
    found = problems(layout=[wide(width=768, by=5), wide(width=375, by=100)])
    found += problems("/b.html", layout=[wide(width=375, by=100)])
    seen = {"/index.html": Seen("/index.html", shots={375: "/x/375.png", 768: "/x/768.png"})}
    (finding,) = told(found, seen=seen)
    assert finding.message == (
        'index.html at 375 and 768 px and 1 more page: <div class="card"> reaches 100 px beyond'
        " the right edge of the page"
    )
    assert finding.screenshot == "/x/375.png"
    assert len(grouped(found)) == 1


def test_a_picture_of_the_element_itself_comes_first():
    found = problems(layout=[wide("main > div", width=768)], axe=[axe("p")])
    shots = {375: "/x/375.png", 768: "/x/768.png", 1280: "/x/1280.png"}
    parts = {(768, "main > div"): "/x/wide.png", (1280, "p"): "/x/pale.png"}
    seen = {"/index.html": Seen("/index.html", shots=shots, parts=parts)}
    assert [one.screenshot for one in told(found, seen=seen)] == ["/x/pale.png", "/x/wide.png"]
    seen = {"/index.html": Seen("/index.html", shots=shots)}
    assert [one.screenshot for one in told(found, seen=seen)] == ["/x/375.png", "/x/768.png"]


def test_the_same_thing_many_times_is_counted():
    (finding,) = told(problems(axe=[axe("p:nth-of-type(1)"), axe("p:nth-of-type(2)")]))
    assert finding.message == 'index.html: accessibility: Help: <p class="price"> (2 elements)'
    assert finding.code == "c"
    assert finding.detail == '<p class="price">\ncontrast of 2.1 (#aaa on #fff)\nurl'


def test_a_contrast_is_told_in_short():
    why = "Element has insufficient color contrast of 1.76 (foreground color: #c9c2b8, background"
    why += " color: #ffffff, font size: 12pt). Expected contrast ratio of 4.5:1"
    (finding,) = told(problems(axe=[axe(why=why, rule="color-contrast")]))
    assert finding.message == (
        "index.html: accessibility: color contrast is 1.76:1 (#c9c2b8 on #ffffff), and should be"
        ' 4.5:1: <p class="price">'
    )
    assert why in (finding.detail or "")


def test_the_line_is_that_of_the_edit_which_names_the_element():
    old = ".price {\n  color: #555;\n}\n.card {\n}\n"
    new = old.replace("#555", "#ccc")
    (finding,) = told(problems(axe=[axe()]), old, new)
    assert (finding.path, finding.line) == ("site/a.css", 1)
    page = '<p>\n</p>\n<p class="price">3</p>\n'
    (finding,) = told(problems(axe=[axe()]), "", page, "site/index.html")
    assert (finding.path, finding.line) == ("site/index.html", 3)
    (finding,) = told(problems(axe=[axe(html="<p>")]), "", "nothing of it\n")
    assert finding.line is None


def test_the_line_of_a_link_and_of_what_is_loaded():
    page = '<a href="a.html">\n<a\n  href="news.html"\n>\n<img src="img/x.png">\n'
    link = {"href": "news.html", "html": '<a href="news.html">', "status": 404, "missing": False}
    missing = {"path": "/img/x.png", "status": 404, "why": ""}
    found = told(problems(links=[link], requests=[missing]), "", page, "site/index.html")
    assert [(one.line, one.code) for one in found] == [(5, "failed-request"), (3, "broken-link")]
    assert found[1].message == 'index.html: broken link "news.html": it leads nowhere, 404'
    fragment = {"href": "#x", "html": '<a href="#x">', "status": 0, "missing": True}
    (finding,) = told(problems(links=[fragment]))
    assert finding.message == 'index.html: broken link "#x": nothing on the page has that name'


def test_an_error_in_another_file_is_shown_there():
    files = {"site/a.css", "site/shop.js"}
    place = {"path": "/shop.js?v=3", "line": 7, "column": 2}
    (finding,) = told(problems(errors=[error("x", **place)]), files=files)
    assert (finding.path, finding.line, finding.column) == ("site/shop.js", 7, 2)
    place["path"] = "https://elsewhere.example/shop.js"
    (finding,) = told(problems(errors=[error("x", **place)]), files=files)
    assert (finding.path, finding.line) == ("site/a.css", None)


def test_the_file_of_an_address():
    files = {"site/index.html", "site/b/index.html", "top.js"}
    assert file_of("/", "site", files) is None  # which page that is does not matter: no script
    assert file_of("/index.html", "site", files) == "site/index.html"
    assert file_of("/b/", "site", files) == "site/b/index.html"
    assert file_of("/top.js#x", ".", files) == "top.js"
    assert file_of("/top.js", "site", files) is None
    assert file_of("", "site", files) is None
