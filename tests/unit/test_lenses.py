"""Lenses: the first word is what a click does."""

from types import SimpleNamespace

import pytest

from festina.edits import Region
from festina.lsp.capabilities import Caps
from festina.lsp.features import code_lens
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Text
from support.fakes import failed, passed

URI = "file:///w/a.py"
SOURCE = "def one():\n    return 2\n"


def shown(
    state: State, *views: CandidateView, message: str = "", apply_edit: bool = True
) -> list[tuple[str, str]]:
    """Titles and commands of the lenses of one proposal."""
    base, region = Text(SOURCE), Region(0, 2)
    proposal = Proposal("p1", URI, 1, base, region, "x", state, views, message=message)
    app = SimpleNamespace(
        session=SimpleNamespace(live=lambda _: [proposal]),
        caps=Caps(apply_edit=apply_edit),
        checked=SimpleNamespace(lenses=lambda _: []),
    )
    lenses = code_lens.lenses(app, URI)
    return [(lens.command.title, lens.command.command) for lens in lenses if lens.command]


def view(index: int, value: int, verdict) -> CandidateView:
    return CandidateView(
        index, CandidateStatus.PASSED, f"def one():\n    return {value}\n", verdict
    )


@pytest.mark.parametrize("state", [State.QUEUED, State.STREAMING, State.PARSED, State.VERIFYING])
def test_what_runs_can_be_cancelled_and_no_stale_count_is_shown(state):
    assert shown(state, message="about 25 tokens so far") == [
        (f"Festina: cancel ({state})", "festina.cancel")
    ]


def test_what_passed_can_be_accepted():
    (accept, dismiss) = shown(State.READY, view(0, 1, passed()))
    assert accept[0].startswith("Festina: accept (")
    assert accept[1] == "festina.accept"
    assert dismiss == ("dismiss", "festina.dismiss")


@pytest.mark.parametrize("state", [State.REJECTED, State.UNVERIFIED])
def test_what_did_not_pass_can_only_be_put_away_and_says_why(state):
    (dismiss,) = shown(state, view(0, 3, failed()), message="because")
    assert dismiss[0].startswith(f"Festina: dismiss ({state}: ")
    assert dismiss[1] == "festina.dismiss"


def test_other_candidates_are_one_click_away():
    commands = [
        command for _, command in shown(State.READY, view(0, 1, passed()), view(1, 4, passed()))
    ]
    assert commands == ["festina.accept", "festina.next", "festina.dismiss", "festina.gallery"]
    commands = [
        command for _, command in shown(State.REJECTED, view(0, 1, failed()), view(1, 4, failed()))
    ]
    assert commands == ["festina.dismiss", "festina.next", "festina.gallery"]


def test_the_gallery_is_there_while_several_are_on_their_way():
    titles = shown(State.STREAMING, view(0, 1, None), view(1, 4, None))
    assert titles[1:] == [("open gallery", "festina.gallery")]


def test_what_did_not_pass_is_not_offered_beside_what_did():
    views = [view(0, 1, passed()), view(1, 3, failed())]
    assert [command for _, command in shown(State.READY, *views)] == [
        "festina.accept",
        "festina.dismiss",
        "festina.gallery",
    ]


def test_an_editor_that_takes_no_edits_from_commands_is_offered_no_accept():
    (dismiss,) = shown(State.READY, view(0, 1, passed()), apply_edit=False)
    assert dismiss[0].startswith("Festina: dismiss (ready: ")
