"""Sums over what was kept of edits, and how they are shown."""

import html.parser
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from festina.commands import reporting
from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.memory import Record
from festina.recording import digest, digests, pictures
from festina.report import Sums, report

ACCEPTED = Record(
    *("p1", "accepted", "mod.py"),
    gates={"syntax": "passed", "tests": "passed"},
    model="small-1",
    origin="http://127.0.0.1:8080",
    asked_at=1.0,
    ready_at=2.0,
    decided_at=5.0,
    requests=1,
    prompt=100,
    completion=20,
    written=20,
    model_seconds=0.5,
    lines=("a", "b"),
)
REJECTED = replace(
    ACCEPTED,
    outcome="rejected",
    gate="tests",
    gates={"tests": "failed"},
    failed_tests=True,
    rounds=2,
    skill="no-print",
    cost=0.25,
    ready_at=0.0,
    decided_at=0.0,
    lines=(),
)


def nothing(_):
    return Counter()


def test_all_that_is_told():
    found = report([ACCEPTED, REJECTED, replace(ACCEPTED, outcome="stale")], nothing)
    assert found.total.to_json() == {
        "proposals": 3,
        "accepted": 1,
        "rejected": 1,
        "dismissed": 0,
        "others": 1,
        "rejected_by": {"tests": 1},
        "repair_rounds": 2,
        "repaired": 1,
        "tested": 3,
        "failed_tests": 1,
        "accepted_lines": 2,
        "accepted_lines_standing": 0,
        "decision_seconds_median": 3.0,
        "decision_seconds_90": 3.0,
        "requests": 3,
        "tokens": 360,
        "tokens_per_second": 40.0,
        "cost": 0.25,
    }
    assert [name for name, _ in found.models] == ["small-1 (127.0.0.1:8080)"]
    assert [(name, sums.rejected) for name, sums in found.skills] == [("no-print", 1)]


def test_a_line_that_two_edits_have_added_stands_for_the_newer_one():
    older = replace(ACCEPTED, model="old")
    newer = replace(ACCEPTED, lines=("b", "c"), model="new")
    found = report([older, newer], lambda _: Counter(a=1, b=1, c=1))
    assert {name.split()[0]: sums.standing for name, sums in found.models} == {"old": 1, "new": 2}
    assert found.total.standing == 3


lines = st.lists(st.sampled_from("abcde"), max_size=6)


@given(st.lists(lines, max_size=5), lines)
def test_no_more_lines_stand_than_there_are(edits, file):
    records = [replace(ACCEPTED, lines=tuple(edit)) for edit in edits]
    total = report(records, lambda _: Counter(file)).total
    assert total.added == sum(map(len, edits))
    added = Counter(line for edit in edits for line in edit)
    assert total.standing == (added & Counter(file)).total()


def test_what_says_nothing_and_what_was_there_is_not_an_edits_own():
    old = ["def f():\n", "    return 1\n", "    x = 2\n"]
    new = ["def f():", "    if yes:", "        return 1", "    )", ""]
    assert digests(old, new) == (digest("if yes:"),)


def test_shares_of_decisions():
    sums = Sums(waits=(1.0, 2.0, 3.0, 40.0))
    assert (sums.wait(0.5), sums.wait(0.9)) == (2.0, 40.0)
    assert Sums().wait(0.5) is None


def test_a_terminal_says_it_in_a_few_lines():
    shown = reporting.text(report([ACCEPTED, REJECTED], lambda _: Counter(a=1)), 30)
    assert shown.splitlines() == [
        "The last 30 days",
        "edits asked for         2",
        "accepted                1 (50%)",
        "rejected by checks      1 (50%): tests 1",
        "put away by you         0 (0%)",
        "cancelled, stale, open  0",
        "repair rounds           2, in 1 (50%)",
        "tests failed            in 1 of 2 (50%) edits",
        "still there             1 of 2 (50%) accepted lines are as they were accepted",
        "your decision           3.0 s after an edit was ready (median); 9 of 10 in 3.0 s",
        "models                  2 requests, 240 tokens, cost 0.25, 40 tokens/s",
        "",
        "model                     proposals  accepted  rejected  rounds  tests failed  still there"
        "  decision  tokens  cost  tokens/s",
        "small-1 (127.0.0.1:8080)          2         1         1       2           50%          50%"
        "     3.0 s     240  0.25        40",
        "",
        "skill     proposals  accepted  rejected  rounds  tests failed  still there  decision"
        "  tokens  cost  tokens/s",
        "no-print          1         0         1       2          100%                       "
        "     120  0.25        40",
    ]
    assert "No edit was asked for" in reporting.text(report([], nothing), 7)


class _Seen(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.named = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.named += [name for name, _ in attrs]


def test_the_page_loads_and_runs_nothing_whatever_a_model_is_called():
    evil = replace(REJECTED, model="<script src=//e.example>", skill='"><img onerror=x>')
    page = reporting.page(report([evil], nothing), "</title><script>", 30)
    seen = _Seen()
    seen.feed(page)
    assert not {"script", "img", "link", "iframe"} & set(seen.tags)
    assert not {"src", "href", "onerror"} & set(seen.named)
    assert "default-src 'none'" in page
    assert "<p>No edit was asked for" in reporting.page(report([], nothing), "calc", 30)


def test_the_page_has_the_pictures_of_what_browsers_have_shown_to_be_wrong():
    shots = ("/cache/pale.png", "/cache/gone.png", "/cache/wide.png")
    kept = [replace(REJECTED, pictures={shots[0]: "color-contrast", shots[1]: "x"}, at=1.0)]
    kept.append(replace(REJECTED, pictures={shots[2]: "<b>"}, path="card.css", at=2.0))
    kept.append(replace(ACCEPTED, pictures={"/cache/accepted.png": "overflow"}, at=3.0))
    found = report(kept, nothing)
    assert [one["picture"] for one in found.to_json()["pictures"]] == [shots[2], *shots[:2]]
    held = ["data:image/png;base64,AA==", "data:image/png;base64,BB==", None]
    shown = reporting.page(found, "shop", 30, held)
    assert shown.count("<img ") == 2
    assert "card.css: &lt;b&gt;, 19" in shown
    assert "mod.py: color-contrast, 19" in shown
    assert "/cache/" not in shown
    assert "<h2>" not in reporting.page(found, "shop", 30, [None] * 3)


def test_of_what_was_found_the_first_pictures_are_kept_and_no_words():
    found = [
        Finding(Gate.BROWSER, "a.css", "secret words", code="overflow", screenshot=f"/{at}.png")
        for at in (1, 1, 2, 3, 4)
    ]
    gate = GateResult(Gate.BROWSER, Status.FAILED, findings=tuple(found))
    kept = pictures(Verdict.of((gate,), seconds=1.0))
    assert kept == dict.fromkeys(("/1.png", "/2.png", "/3.png"), "overflow")
    assert pictures(None) == {}
