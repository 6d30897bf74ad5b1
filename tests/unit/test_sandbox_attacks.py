"""What code in the sandbox can reach: each attack is made for real, by root and by a plain user."""

from __future__ import annotations

from typing import Any

import pytest

from festina.verify import sandbox_view
from support import levels
from support.escaped import REFUSED, attacked

LEGS = [
    (level, user, where)
    for level in levels.ISOLATING
    for user in ("this user", "nobody")
    for where in ("cold", "cell")
]


@pytest.fixture(params=LEGS, ids=lambda leg: "-".join(leg).replace(" ", "-"))
def result(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {**attacked(*request.param), "where": request.param[2]}


@pytest.fixture
def where(result: dict[str, Any]) -> str:
    name: str = result["where"]
    return name


@pytest.fixture
def got(result: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = result["got"]
    return answers


@pytest.fixture
def seen(result: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = result["seen"]
    return answers


@pytest.mark.parametrize("area", REFUSED)
def test_refused(area: str, got: dict[str, Any]) -> None:
    wrong = {
        name: got.get(name) for name, right in REFUSED[area].items() if got.get(name) not in right
    }
    assert wrong == {}


def test_a_project_has_what_it_needs(got: dict[str, Any], seen: dict[str, Any]) -> None:
    assert got["read_workspace"] == "shadow"
    assert got["write_workspace"] == seen["workspace"]
    assert got["read_link"] == "venv"
    assert got["read_shown"] == "tool"
    assert got["private_tmp"] == 1
    assert got["loopback_works"] == "OPEN"
    assert got["identity"] == seen["uid"]
    assert {"null", "urandom", "shm", "pts", "fd"} <= set(got["devices"])


def test_nothing_else_is_seen(got: dict[str, Any]) -> None:
    assert got["list_home"] == ["tool"]
    assert got["host_network"] == ["lo"]
    assert got["see_processes"] == [1, 2]
    assert got["all_ids"] in ([1, 2], "EPERM")
    assert got["message_of_host"] == []
    assert got["agents"] == []
    assert "PLANTED_SECRET" not in got["environment"]
    harmless = "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert set(got["devices"]) <= {*harmless.split(), ".festina"}


def test_no_path_leads_to_the_overlay(got: dict[str, Any]) -> None:
    assert got["upper_folder"] == []
    assert got["hidden_folder"] in ([], "ENOENT")


def test_nothing_of_proc_is_writable_that_is_not_ones_own(got: dict[str, Any]) -> None:
    masked = {f"/proc/{name}" for name in sandbox_view.PROC_HIDDEN}  # each is /dev/null
    assert set(got["writable_proc"]) <= masked
    # may be opened by user id 0; each of these is harmless, or refuses what is written
    harmless = "autogroup clear_refs comm coredump_filter gid_map latency loginuid oom_adj"
    harmless += " oom_score_adj projid_map sched setgroups timens_offsets timerslack_ns uid_map"
    assert set(got["writable_first"]) <= set(harmless.split())


def test_only_the_passed_descriptor_arrives(
    got: dict[str, Any], seen: dict[str, Any], where: str
) -> None:
    assert got["descriptors"][:3] == [0, 1, 2]
    assert len(got["descriptors"]) == 4
    if where == "cold":
        assert seen["received"] == "hello from inside"
    else:
        assert got["passed_descriptor"] == "EBADF"


def test_the_real_workspace_is_as_before(seen: dict[str, Any], where: str) -> None:
    assert seen["real_files"] == [".venv", "module.py"]
    assert seen["marker"] == "venv"
    if where == "cold":
        assert "written" in seen["shadow_files"]
    else:
        assert seen["shadow_unchanged"]


def test_nothing_is_left_for_the_next_cell(seen: dict[str, Any], where: str) -> None:
    if where == "cell":
        assert seen["left"] == []


def test_capabilities_are_gone(got: dict[str, Any]) -> None:
    privileges = dict(got["capabilities"])
    assert privileges.pop("NoNewPrivs") == "1"
    assert {int(value, 16) for value in privileges.values()} == {0}
    assert got["core_limit"] == [0, 0]


def test_daemons_die_with_the_run(seen: dict[str, Any]) -> None:
    assert seen["survivors"] == []
