"""The sandbox as its callers use it: the same answers at every level, and no survivors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from festina.verify import (
    process,
    sandbox,
    sandbox_advice,
    sandbox_command,
    sandbox_landlock,
    sweep,
)
from festina.verify.sandbox import Box, Level
from support import doomed, levels, processes

TOKEN = secrets.token_hex(8)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(params=list(Level))
def level(request: pytest.FixtureRequest) -> Level:
    if why := levels.missing(request.param):
        pytest.skip(f"{request.param}: {why}")
    chosen: Level = request.param
    return chosen


@pytest.fixture(params=levels.ISOLATING)
def isolating(request: pytest.FixtureRequest) -> Level:
    if why := levels.missing(request.param):
        pytest.skip(f"{request.param}: {why}")
    chosen: Level = request.param
    return chosen


@pytest.fixture
def box(tmp_path: Path) -> Box:
    workspace, shadow = tmp_path / "work" / "project", tmp_path / "shadow"
    for folder, text in ((workspace, "real"), (shadow, "shadow")):
        (folder / "sub").mkdir(parents=True)
        (folder / "module.py").write_text(text)
    return Box(workspace, shadow, environ={"PATH": "/usr/bin:/bin", "TOKEN": TOKEN})


@pytest.fixture
def nothing_left_behind() -> Iterator[None]:
    children, files = processes.children_of(os.getpid()), processes.open_descriptors()
    yield
    # fewer is fine: what another test left to the garbage collector may go meanwhile
    assert processes.children_of(os.getpid()) <= children
    assert processes.open_descriptors() <= files
    assert processes.with_token(TOKEN) == set()


def replaced(box: Box, **changes: object) -> Box:
    import dataclasses

    return dataclasses.replace(box, **changes)  # type: ignore[arg-type]


async def shell(box: Box, script: str, level: Level, **options: object) -> process.Completed:
    settings: dict[str, object] = {"timeout": 60, **options}
    return await sandbox.run(box, ["/bin/sh", "-c", script], level=level, **settings)  # type: ignore[arg-type]


@pytest.mark.usefixtures("nothing_left_behind")
class TestEveryLevel:
    @pytest.mark.parametrize("code", [0, 1, 126, 127, 137, 255])
    async def test_status(self, box: Box, level: Level, code: int) -> None:
        assert (await shell(box, f"exit {code}", level)).returncode == code

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGABRT, signal.SIGKILL])
    async def test_signal(self, box: Box, level: Level, number: int) -> None:
        done = await shell(box, f"kill -{int(number)} $$", level)
        assert done.returncode == -number

    async def test_streams(self, box: Box, level: Level) -> None:
        done = await shell(box, "cat; echo err >&2", level, stdin=b"in")
        assert (done.stdout, done.stderr) == (b"in", b"err\n")

    async def test_the_shadow_is_what_is_seen(self, box: Box, level: Level) -> None:
        done = await shell(box, "cat module.py; echo new > made", level)
        assert done.stdout == b"shadow"
        assert (box.shadow / "made").read_text() == "new\n"
        assert not (box.workspace / "made").exists()

    async def test_directory(self, box: Box, level: Level) -> None:
        done = await shell(box, "cat ../module.py", level, cwd=box.workspace / "sub")
        assert done.stdout == b"shadow"

    async def test_environment(self, box: Box, level: Level) -> None:
        done = await shell(replaced(box, environ={"A": "1", "PATH": "/bin"}), "echo $A$B", level)
        assert done.stdout == b"1\n"

    async def test_no_such_command(self, box: Box, level: Level) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            await sandbox.run(box, ["no-such-command"], level=level, timeout=60)
        assert caught.value.filename == "no-such-command"

    async def test_timeout(self, box: Box, level: Level) -> None:
        done = await shell(box, "(setsid sleep 600 &) ; sleep 600", level, timeout=0.4)
        assert done.timed_out

    async def test_daemon_of_a_finished_command(self, box: Box, level: Level) -> None:
        done = await shell(box, "(setsid sleep 600 &) ; echo done", level)
        assert (done.returncode, done.stdout) == (0, b"done\n")

    @pytest.mark.parametrize("steps", [1, 2, 3, 5, 10])
    async def test_cancelled_at_any_moment(self, box: Box, level: Level, steps: int) -> None:
        task = asyncio.create_task(shell(box, "sleep 600", level))
        for _ in range(steps):
            await asyncio.sleep(0.001)
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        assert task.cancelled()
        assert not any(sweep.scratch_root().glob("*"))

    async def test_privileges_are_gone(self, box: Box, level: Level) -> None:
        done = await shell(box, "id -u; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status", level)
        uid, effective, no_new = done.stdout.decode().split("\n")[:3]
        assert int(uid) == os.getuid()
        assert int(effective.split()[1], 16) == 0
        assert no_new.split()[1] == "1"

    async def test_links_that_lead_to_a_program(
        self, box: Box, level: Level, tmp_path: Path
    ) -> None:
        # private places hold them, as a home does ~/.local/bin and ~/.local/share/uv/python
        real = tmp_path / "python" / "3.13.5" / "bin" / "python3.13"
        real.parent.mkdir(parents=True)
        real.write_text('#!/bin/sh\necho "$0 $(cat "${0%/*}/../data")"\n')
        real.chmod(0o755)
        (tmp_path / "python" / "3.13.5" / "data").write_text("its own data\n")
        (tmp_path / "python" / "3.13").symlink_to("3.13.5")
        (tmp_path / "local").mkdir()
        (tmp_path / "local" / "python3.13").symlink_to("../python/3.13/bin/python3.13")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python3").symlink_to("python")
        (tmp_path / "bin" / "python").symlink_to(tmp_path / "local" / "python3.13")
        link = tmp_path / "bin" / "python3"
        seen = replaced(box, read_only=(link, real.parent.parent))
        done = await shell(
            seen, f"readlink {link}; readlink -f {link}; $(readlink -f {link})", level
        )
        assert done.stdout.decode().splitlines() == ["python", str(real), f"{real} its own data"]
        # the program alone is enough for one that needs nothing beside it
        done = await shell(replaced(box, read_only=(link,)), f"head -n 1 {link}", level)
        assert done.stdout == b"#!/bin/sh\n"

    async def test_many_at_once(self, box: Box, level: Level) -> None:
        runs = [shell(box, f"echo {number}", level) for number in range(6)]
        done = await asyncio.gather(*runs)
        assert [one.stdout for one in done] == [b"%d\n" % number for number in range(6)]


async def test_nobody_survives_a_killed_server(level: Level, tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    command = [sys.executable, doomed.__file__, level]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            family = processes.children_of(server.pid)
            assert len(family) >= 5  # supervisor, command, three daemons
        finally:
            server.kill()
    assert processes.wait_until_gone(family) == set()


class TestView:
    """What stands where, at the levels that can arrange it."""

    async def test_the_shadow_stands_at_the_workspace(self, box: Box, isolating: Level) -> None:
        done = await shell(box, f"pwd; cat {box.workspace}/module.py", isolating)
        assert done.stdout.decode() == f"{box.workspace}\nshadow"

    async def test_a_workspace_named_through_a_link(
        self, box: Box, isolating: Level, tmp_path: Path
    ) -> None:
        alias = tmp_path / "alias"
        alias.symlink_to(box.workspace)
        script = f"cat {alias}/module.py {box.workspace}/module.py; echo x > made"
        done = await shell(replaced(box, workspace=alias), script, isolating)
        assert done.stdout == b"shadowshadow"
        assert (box.shadow / "made").exists()

    async def test_a_link_is_the_real_directory_and_read_only(
        self, box: Box, isolating: Level
    ) -> None:
        (box.workspace / ".venv" / "lib").mkdir(parents=True)
        (box.workspace / ".venv" / "lib" / "x").write_text("venv")
        one = replaced(box, links=(Path(".venv"),))
        for links in ((Path(".venv"),), (box.workspace / ".venv",)):
            one = replaced(box, links=links)
            done = await shell(one, "cat .venv/lib/x; echo no > .venv/lib/x", isolating)
            assert done.stdout == b"venv"
            assert done.returncode != 0
        assert (box.workspace / ".venv" / "lib" / "x").read_text() == "venv"

    async def test_a_link_that_points_elsewhere(
        self, box: Box, isolating: Level, tmp_path: Path
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "x").write_text("venv")
        (box.workspace / ".venv").symlink_to(elsewhere)
        done = await shell(replaced(box, links=(Path(".venv"),)), "cat .venv/x", isolating)
        assert done.stdout == b"venv"

    async def test_a_link_that_the_shadow_has_as_a_symbolic_link(
        self, box: Box, isolating: Level, tmp_path: Path
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "x").write_text("venv")
        for folder in (box.workspace, box.shadow):
            (folder / ".venv").symlink_to(elsewhere)
        done = await shell(replaced(box, links=(Path(".venv"),)), "cat .venv/x", isolating)
        assert done.stdout == b"venv"

    async def test_programs_behind_a_relative_link_that_the_shadow_has(
        self, box: Box, isolating: Level
    ) -> None:
        elsewhere = box.workspace.parent / "elsewhere" / "bin"
        elsewhere.mkdir(parents=True)
        (elsewhere / "x").write_text("venv")
        for folder in (box.workspace, box.shadow):
            (folder / ".venv").symlink_to(f"../{elsewhere.parent.name}")
        view = replaced(box, read_only=(box.workspace / ".venv" / "bin",))
        done = await shell(view, "cat .venv/bin/x", isolating)
        assert (done.stdout, done.stderr) == (b"venv", b"")

    async def test_a_link_to_a_file_and_one_that_is_missing(
        self, box: Box, isolating: Level
    ) -> None:
        (box.workspace / "local.cfg").write_text("cfg")
        one = replaced(box, links=(Path("local.cfg"), Path("missing")))
        done = await shell(one, "cat local.cfg; ls", isolating)
        assert done.stdout.split() == [b"cfglocal.cfg", b"module.py", b"sub"]

    @pytest.mark.parametrize("shown", [".", "sub", "..", "module.py"])
    async def test_the_real_source_never_shows_through(
        self, box: Box, isolating: Level, shown: str
    ) -> None:
        one = replaced(box, read_only=(box.workspace / shown,))
        done = await shell(one, "cat module.py; echo x > sub/made", isolating)
        assert (done.stdout, done.returncode) == (b"shadow", 0)

    async def test_a_masked_place_is_not_uncovered(
        self, box: Box, isolating: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = tmp_path / "home"
        (home / "bin").mkdir(parents=True)
        (home / "secret").write_text("secret")
        monkeypatch.setenv("HOME", str(home))
        one = replaced(box, read_only=(home, Path("/"), Path("/tmp"), home / "bin"))
        done = await shell(one, f"ls {home}; cat {home}/secret", isolating)
        assert done.stdout == b"bin\n"

    async def test_a_private_place_below_a_shown_one_stays_covered(
        self, box: Box, isolating: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = tmp_path / "home"
        (home / ".local" / "share" / "keyrings").mkdir(parents=True)
        (home / ".local" / "share" / "keyrings" / "login").write_text("secret")
        (home / ".local" / "bin").mkdir()
        monkeypatch.setenv("HOME", str(home))
        one = replaced(box, read_only=(home / ".local",))
        done = await shell(one, f"cd {home}/.local; ls; ls share share/keyrings", isolating)
        assert done.stdout.split() == [b"bin", b"share", b"share:", b"keyrings", b"share/keyrings:"]

    async def test_read_only_names_are_kept_as_given_and_as_resolved(
        self, box: Box, isolating: Level, tmp_path: Path
    ) -> None:
        (tmp_path / "python-3.12.1").mkdir()
        (tmp_path / "python-3.12.1" / "x").write_text("x")
        (tmp_path / "python-3.12").symlink_to("python-3.12.1")
        one = replaced(box, read_only=(tmp_path / "python-3.12",))
        script = f"cat {tmp_path}/python-3.12/x {tmp_path}/python-3.12.1/x"
        assert (await shell(one, script, isolating)).stdout == b"xx"

    async def test_a_name_within_a_shown_directory_may_be_a_link(
        self, box: Box, isolating: Level, tmp_path: Path
    ) -> None:
        (tmp_path / "tools" / "python-3.12.1").mkdir(parents=True)
        (tmp_path / "tools" / "python-3.12.1" / "x").write_text("x")
        (tmp_path / "tools" / "python-3.12").symlink_to("python-3.12.1")
        one = replaced(box, read_only=(tmp_path / "tools" / "python-3.12", tmp_path / "tools"))
        done = await shell(one, f"cat {tmp_path}/tools/python-3.12*/x", isolating)
        assert done.stdout == b"xx"

    async def test_odd_names(self, tmp_path: Path, isolating: Level) -> None:
        workspace = tmp_path / "a b\\040\tü'\"$(x)"
        shadow = tmp_path / "shadow (1)"
        for folder in (workspace, shadow):
            folder.mkdir()
        (shadow / "x").write_text("x")
        one = Box(workspace, shadow, environ={"PATH": "/bin"})
        done = await shell(one, "pwd; cat x", isolating)
        assert done.stdout.decode() == f"{workspace}\nx"

    async def test_other_runs_are_out_of_sight(self, isolating: Level) -> None:
        scratches = [sweep.new_scratch() for _ in range(2)]
        for scratch in scratches:
            (scratch / "shadow").mkdir()
        one = Box(scratches[0] / "workspace", scratches[0] / "shadow", environ={"PATH": "/bin"})
        done = await shell(one, f"ls {scratches[1].parent}; ls {scratches[1]}", isolating)
        assert done.stdout.decode().split() == [scratches[0].name]

    async def test_mounts_without_the_newer_system_call(self, box: Box, tmp_path: Path) -> None:
        if why := levels.missing(Level.NAMESPACES):
            pytest.skip(why)
        (tmp_path / "tool").mkdir()
        one = replaced(box, read_only=(tmp_path / "tool",))
        wrapper, view = await sandbox.prepare(one, Level.NAMESPACES)
        assert view is not None
        view["setattr"] = False
        script = (
            "for place in / /usr /sys /proc/sys "
            f"{tmp_path}/tool; do [ -w $place ] && echo $place is writable; done;"
            "grep -vE '(proc|dev|devpts|tmpfs|mqueue) ' /proc/self/mounts | grep -c ' rw';"
            "touch made"
        )
        plan = process.make_plan(
            ["/bin/sh", "-c", script], cwd=box.workspace, env=box.environ, lock=True, view=view
        )
        done = await process.launch(wrapper, plan, timeout=60)
        assert done.returncode == 0, done
        assert done.stdout == b"1\n"  # the shadow
        assert (box.shadow / "made").exists()

    @pytest.mark.parametrize("workspace", ["/", "/."])
    async def test_the_root_is_no_workspace(
        self, box: Box, isolating: Level, workspace: str
    ) -> None:
        with pytest.raises(process.LaunchError, match="root directory"):
            await shell(replaced(box, workspace=Path(workspace)), "true", isolating)

    async def test_a_missing_shadow_is_named(self, box: Box, isolating: Level) -> None:
        with pytest.raises(process.LaunchError, match="gone is not a directory"):
            await shell(replaced(box, shadow=box.shadow / "gone"), "true", isolating)

    async def test_a_home_that_is_the_workspace(
        self, box: Box, isolating: Level, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(box.workspace))
        assert (await shell(box, "cat module.py", isolating)).stdout == b"shadow"

    async def test_a_socket_that_goes_away_meanwhile(
        self, box: Box, isolating: Level, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = Path("/var/lib/festina-gone.sock")
        if not os.access(place.parent, os.W_OK):
            pytest.skip("only root can plant a socket where nothing is masked")
        look = sandbox.prepare
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(str(place))
            listener.listen()

            async def slow(*arguments: object) -> object:
                result = await look(*arguments)  # type: ignore[arg-type]
                place.unlink(missing_ok=True)
                return result

            monkeypatch.setattr(sandbox, "prepare", slow)
            assert (await shell(box, "echo ok", isolating)).stdout == b"ok\n"


class TestWithoutSandbox:
    async def test_home_and_temporary_files_are_elsewhere(self, box: Box) -> None:
        one = replaced(box, environ={**box.environ, "HOME": "/root", "TMPDIR": "/tmp"})
        done = await shell(one, "echo $HOME $TMPDIR; ls -A $HOME; touch $HOME/x", Level.NONE)
        home, temporary = done.stdout.decode().split()
        assert home == temporary
        assert home.startswith(str(sweep.scratch_root()))
        assert not Path(home).exists()

    async def test_links_lead_to_the_real_thing(self, box: Box) -> None:
        (box.workspace / ".venv").mkdir()
        (box.workspace / ".venv" / "x").write_text("venv")
        done = await shell(replaced(box, links=(Path(".venv"),)), "cat .venv/x", Level.NONE)
        assert done.stdout == b"venv"


class TestProbe:
    async def test_it_is_remembered(self) -> None:
        first = await sandbox.probe(fresh=True)
        assert await sandbox.probe() is first
        assert first.detail

    async def test_a_busy_moment_is_not_remembered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = ["it did not answer in time", "", ""]

        async def attempt(_: Level) -> str:
            return answers.pop(0)

        monkeypatch.setattr(sandbox, "attempt", attempt)
        monkeypatch.setattr(sandbox_command, "tool", lambda *_: "/bin/true")
        assert (await sandbox.probe(fresh=True)).level is Level.NAMESPACES
        assert (await sandbox.probe()).level is Level.BUBBLEWRAP
        assert (await sandbox.probe()).level is Level.BUBBLEWRAP
        monkeypatch.undo()
        await sandbox.probe(fresh=True)

    async def test_many_who_ask_at_once_cause_one_trial(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried = 0

        async def attempt(_: Level) -> str:
            nonlocal tried
            tried += 1
            await asyncio.sleep(0)
            return sandbox._LATE if tried == 1 else ""  # also where the answer is not sure

        monkeypatch.setattr(sandbox, "_probed", None)
        monkeypatch.setattr(sandbox, "attempt", attempt)
        monkeypatch.setattr(sandbox_command, "tool", lambda *_: "/bin/true")
        found = await asyncio.gather(*(sandbox.probe() for _ in range(16)))
        assert {probe.level for probe in found} == {Level.NAMESPACES}
        assert tried == 2

    async def test_the_best_level_wins(self) -> None:
        all_levels = (*levels.ISOLATING, Level.LANDLOCK)
        works = [level for level in all_levels if not levels.missing(level)]
        found = await sandbox.probe(fresh=True)
        assert found.level is (works[0] if works else Level.NONE)

    async def test_without_tools_landlock_is_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if why := levels.missing(Level.LANDLOCK):
            pytest.skip(why)
        monkeypatch.setattr(sandbox_command, "tool", lambda *_: None)
        found = await sandbox.probe(fresh=True)
        assert found.level is Level.LANDLOCK
        assert "bwrap: not installed." in found.detail
        assert "times" in found.detail
        assert "Install bubblewrap" in found.remedy
        assert "agree" not in found.remedy
        monkeypatch.undo()
        await sandbox.probe(fresh=True)

    async def test_no_tools(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox_command, "tool", lambda *_: None)
        monkeypatch.setattr(sandbox_landlock, "version", lambda: 2)
        found = await sandbox.probe(fresh=True)
        assert found.level is Level.NONE
        assert "bwrap: not installed." in found.detail
        assert "landlock: it needs Linux 6.2." in found.detail
        assert "Install bubblewrap" in found.remedy
        assert "agree once" in found.remedy
        monkeypatch.undo()
        await sandbox.probe(fresh=True)

    async def test_tools_that_fail_are_quoted(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        fake = tmp_path / "fake"
        fake.write_text("#!/bin/sh\necho setting up uid map: Permission denied >&2\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setattr(sandbox_command, "tool", lambda *_: str(fake))
        monkeypatch.setattr(sandbox_landlock, "version", lambda: 0)
        found = await sandbox.probe(fresh=True)
        assert found.level is Level.NONE
        assert "setting up uid map: Permission denied" in found.detail
        assert found.remedy
        monkeypatch.undo()
        await sandbox.probe(fresh=True)

    async def test_a_tool_that_does_not_isolate_is_not_believed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def plain(*_: object) -> tuple[list[str], None]:
            return [], None

        monkeypatch.setattr(sandbox, "prepare", plain)
        why = await sandbox.attempt(Level.BUBBLEWRAP)
        assert "processes are not private" in why
        assert "root is writable" in why

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", "AppArmor"),
            ("proc/sys/user/max_user_namespaces", "0\n", "user.max_user_namespaces"),
            ("proc/sys/kernel/unprivileged_userns_clone", "0\n", "unprivileged_userns_clone"),
            (".dockerenv", "", "container"),
        ],
    )
    def test_advice(self, tmp_path: Path, name: str, content: str, says: str) -> None:
        assert says not in sandbox_advice.remedy(False, tmp_path)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
        assert says in sandbox_advice.remedy(False, tmp_path)

    def test_a_tool_of_the_workspace_is_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake = tmp_path / "frobnicate"
        fake.write_text("#!/bin/sh\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f".:{tmp_path}")
        assert sandbox_command.tool("frobnicate") == str(fake)
        assert sandbox_command.tool("frobnicate", tmp_path) is None
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PATH", ".:")
        assert sandbox_command.tool("frobnicate") is None


def test_only_allowed_variables_pass() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "x", "SSH_AUTH_SOCK": "/s"}
    given |= {"CEREBRAS_API_KEY": "x", "LD_PRELOAD": "x", "PYTHONPATH": "x", "TMPDIR": "/private"}
    given |= {"DBUS_SESSION_BUS_ADDRESS": "x", "XDG_RUNTIME_DIR": "x", "http_proxy": "x"}
    allowed = sandbox.allow_environ(given)
    assert allowed == {"PATH": "/bin", "LC_ALL": "C", "TMPDIR": "/tmp"}
