"""How a page looks with a candidate in it: what is put into it, and what cannot get in."""

import base64

import pytest

from festina.findings import Gate, GateResult, Status, Verdict
from festina.gallery import page, pictures
from festina.gallery.cards import Entry, Maker, Subject
from festina.gallery.preview import MOST_BYTES, MOST_TOGETHER, Files, render
from festina.proposals import CandidateStatus
from festina.shots import Shot

PNG = b"\x89PNG\r\n\x1a\n and so on"
INDEX = """<!doctype html>
<LINK href='css/site.css?v=1' rel="preload stylesheet"><p>old</p>
<img alt="a > b" src="logo.png"><img src="https://evil.example/x.png"><img src="../outside.png">
"""


@pytest.fixture
def site(tmp_path):
    root = tmp_path / "site"
    (root / "css").mkdir(parents=True)
    (root / "index.html").write_text(INDEX)
    (root / "other.html").write_text("<p>no style</p>")
    (root / "css" / "site.css").write_text("p { color: red }")
    (root / "logo.png").write_bytes(PNG)
    (tmp_path / "outside.png").write_bytes(PNG)
    return root


def test_what_lies_in_the_workspace_is_put_into_the_page(site):
    shown = render(Files(site), "index.html", INDEX.replace("old", "new"))
    assert "<p>new</p>" in shown
    assert "<style>p { color: red }</style>" in shown
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in shown
    assert shown.count("data:") == 1
    assert "https://evil.example/x.png" in shown, "which the policy keeps out"
    assert "../outside.png" in shown


def test_pictures_that_styles_name_are_put_in_wherever_the_style_stands(site):
    (site / "css" / "img").mkdir()
    (site / "css" / "img" / "bg.png").write_bytes(PNG)
    (site / "css" / "base.css").write_text("h1 { background: url( 'img/bg.png' ) }")
    (site / "css" / "print.css").write_text("h2 { color: black }")
    css = (
        "@import url('base.css'); @import 'print.css' print;\n"
        "p { background: url(../logo.png) } i { background: url(https://evil.example/x.png) }"
    )
    html = (
        "<link rel=stylesheet href=css/site.css>"
        '<style>b { background: url("logo.png") }</style>'
        "<p style=\"background: url('logo.png')\">url(logo.png)</p>"
        '<picture><source srcset="logo.webp"><img src="logo.png" srcset="big.png 2x"></picture>'
    )
    shown = render(Files(site, {"css/site.css": css}), "index.html", html)
    data = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert shown.count(data) == 5
    assert f"h1 {{ background: url({data}) }}" in shown
    assert "@media print {\nh2 { color: black }\n}" in shown
    assert f"p {{ background: url({data}) }}" in shown
    assert f'<p style="background: url({data})">url(logo.png)</p>' in shown, "words stay words"
    assert f'<picture><img src="{data}"></picture>' in shown
    assert "url(https://evil.example/x.png)" in shown, "which the policy keeps out"


def test_style_sheets_that_import_each_other_come_to_an_end(site):
    (site / "css" / "site.css").write_text(
        "@import 'site.css'; @import 'site.css'; p { color: red }"
    )
    shown = render(Files(site), "index.html", INDEX)
    assert 1 < shown.count("color: red") <= 32


def test_of_pictures_no_more_is_put_in_than_there_is_room_for(site):
    (site / "logo.png").write_bytes(PNG + b"x" * 900_000)
    shown = render(Files(site), "other.html", '<img src="logo.png">' * 20)
    assert shown.count("data:") == MOST_TOGETHER // 1_200_000
    assert shown.count('src="logo.png"') == 20 - shown.count("data:")


def test_scripts_are_left_out_since_none_is_run(site):
    scripts = "<SCRIPT src=a.js></SCRIPT ><p>kept</p><script>if (1 < 2) {}</script><i>too</i>"
    shown = render(Files(site), "other.html", f"{scripts}<script>and so on")
    assert shown == "<p>kept</p><i>too</i>"


def test_a_style_sheet_is_shown_in_the_nearest_page_that_names_it(site):
    shown = render(Files(site), "css/site.css", "p { color: </style><script>alert(1)</script> }")
    assert "<p>old</p>" in shown
    assert "color: red" not in shown
    assert shown.count("</style>") == 1
    (site / "index.html").unlink()
    assert render(Files(site), "css/site.css", "p {}") is None


def test_the_policy_of_the_page_itself_does_not_keep_its_own_style_out(site):
    policy = """<META content="default-src 'self'" http-equiv='Content-Security-Policy'>"""
    shown = render(Files(site), "index.html", f'<meta charset="utf-8">{policy}{INDEX}')
    assert "default-src" not in shown
    assert '<meta charset="utf-8">' in shown
    assert "<style>p { color: red }</style>" in shown


def test_an_open_buffer_comes_before_the_file_on_the_disk(site):
    files = Files(site, {"css/site.css": "p { color: blue }"})
    assert "color: blue" in render(files, "index.html", INDEX)


def test_nothing_outside_the_workspace_is_read_by_whatever_name(site, tmp_path):
    (tmp_path / "secret.css").write_text("SECRET")
    (site / "link.css").symlink_to(tmp_path / "secret.css")
    names = ["../secret.css", "/../secret.css", "%2e%2e/secret.css", "..%2fsecret.css", "link.css"]
    names += [f"{tmp_path}/secret.css", f"file://{tmp_path}/secret.css", "css/../../secret.css"]
    for name in names:
        html = f"<link rel=stylesheet href='{name}'>"
        assert "SECRET" not in render(Files(site), "index.html", html), name


def test_what_is_no_style_sheet_or_too_large_is_not_put_in(site):
    (site / "key.pem").write_text("SECRET")
    (site / "huge.css").write_text("/*" + "x" * MOST_BYTES + "*/")
    for name in ("key.pem", "huge.css", "none.css", "css", "http://[", "a\0b.css"):
        html = f'<link rel="stylesheet" href="{name}">'
        assert render(Files(site), "index.html", html) == html, name


# -- pictures that a gate has taken -------------------------------------------------------


def test_pictures_are_told_by_number_and_never_by_their_path(tmp_path):
    after, before = tmp_path / "after.png", tmp_path / "before.png"
    after.write_bytes(PNG)
    shot = Shot("index.html", 390, str(after), str(before))
    result = GateResult(Gate.BROWSER, Status.PASSED, shots=(shot,))
    verdict = Verdict(Status.PASSED, (result,)).to_json()
    subject = Subject("index.html", "p", "html", "x", "<p>old</p>\n")
    board = Maker().board(subject, [Entry(0, CandidateStatus.PASSED, "<p>new</p>\n", "", verdict)])
    told = {"page": "index.html", "width": 390, "picture": 0, "before": 1}
    assert board.cards[0]["shots"] == [told]
    assert board.pictures == (str(after), str(before))
    assert str(tmp_path) not in str(board.to_json())
    whole = page.export(board)
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in whole
    assert str(tmp_path) not in whole
    assert pictures.addresses(board.pictures)[1] is None, "which was not there"


def test_a_file_that_is_no_picture_is_not_given_out(tmp_path):
    file = tmp_path / "after.png"
    file.write_text("SECRET")
    assert pictures.read([str(file), str(tmp_path)]) == []
