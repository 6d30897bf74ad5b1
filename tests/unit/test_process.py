"""Running programs: what comes back, and that nobody is left behind."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import threading
from pathlib import Path

import pytest

from festina.verify import process
from festina.verify.process import Limits
from festina.verify.process_io import to_the_end
from support import processes

TOKEN = secrets.token_hex(8)
ENV = {"PATH": "/usr/bin:/bin", "TOKEN": TOKEN}


async def shell(script: str, **options: object) -> process.Completed:
    settings: dict[str, object] = {"cwd": "/", "env": ENV, "timeout": 60, **options}
    return await process.run(["/bin/sh", "-c", script], **settings)  # type: ignore[arg-type]


async def python(code: str, *arguments: str, **options: object) -> process.Completed:
    settings: dict[str, object] = {"cwd": "/", "env": ENV, "timeout": 60, **options}
    argv = [process.interpreter(), "-I", "-S", "-c", code, *arguments]
    return await process.run(argv, **settings)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def nothing_left_behind() -> object:
    children, files = processes.children_of(os.getpid()), processes.open_descriptors()
    yield
    # fewer is fine: what another test left to the garbage collector may go meanwhile
    assert processes.children_of(os.getpid()) <= children
    assert processes.open_descriptors() <= files
    assert processes.with_token(TOKEN) == set()


class TestWhatComesBack:
    async def test_output_and_exit_status(self) -> None:
        done = await shell("echo out; echo err >&2; exit 7")
        assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
        assert not done.timed_out
        assert not done.truncated

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL])
    async def test_a_signal_is_a_negative_status(self, number: int) -> None:
        assert (await shell(f"kill -{int(number)} $$")).returncode == -number

    @pytest.mark.parametrize("code", [0, 1, 126, 127, 128 + 9, 255])
    async def test_every_status_is_itself(self, code: int) -> None:
        assert (await shell(f"exit {code}")).returncode == code

    async def test_stdin_of_any_size(self) -> None:
        data = os.urandom(300_000)
        assert (await shell("cat", stdin=data)).stdout == data

    async def test_no_stdin_is_an_empty_one(self) -> None:
        assert (await shell("cat; echo end")).stdout == b"end\n"

    async def test_environment_and_directory_are_those_given(self, tmp_path: Path) -> None:
        done = await shell("pwd; env", cwd=tmp_path, env={"ONLY": "this"})
        lines = set(done.stdout.decode().split())
        assert str(tmp_path) in lines
        assert "ONLY=this" in lines
        assert not {line for line in lines if line.startswith(("HOME=", "LD_", "PYTHON"))}

    async def test_only_passed_descriptors_arrive_and_keep_their_numbers(self) -> None:
        read, write = os.pipe()
        other = os.open("/etc/passwd", os.O_RDONLY)
        os.set_inheritable(other, True)
        try:
            code = f"import os; os.write({write}, b'hi'); print(*os.listdir('/proc/self/fd'))"
            done = await python(code, pass_fds=(write,))
            assert os.read(read, 10) == b"hi"
        finally:
            for descriptor in (read, write, other):
                os.close(descriptor)
        listing = 3  # the descriptor that lists the others
        assert sorted(map(int, done.stdout.split())) == sorted([0, 1, 2, listing, write])

    async def test_a_passed_pipe_ends_when_the_command_lets_go_of_it(self) -> None:
        read, write = os.pipe()
        code = f"import os, time; os.close({write}); time.sleep(600)"
        task = asyncio.create_task(python(code, pass_fds=(write,)))
        await asyncio.sleep(0)  # started
        os.close(write)
        try:
            assert await asyncio.to_thread(os.read, read, 1) == b""
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            os.close(read)

    async def test_long_output_keeps_its_first_and_last_part(self) -> None:
        done = await python("print('a' * 3_000_000 + 'end', end='')", max_output=1000)
        assert done.truncated
        assert done.stdout == b"a" * 500 + b"\n[... 2999003 bytes left out ...]\n" + (
            b"a" * 497 + b"end"
        )

    @pytest.mark.parametrize("size", [999, 1000])
    async def test_output_within_the_bound_is_whole(self, size: int) -> None:
        done = await python(f"print('a' * {size}, end='')", max_output=1000)
        assert (done.stdout, done.truncated) == (b"a" * size, False)

    async def test_broken_pipes_kill_as_everywhere_else(self) -> None:
        done = await shell("yes | head -n 1")
        assert done.stdout == b"y\n"
        done = await shell("grep SigIgn /proc/self/status")
        assert int(done.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0

    async def test_no_terminal_and_a_session_of_its_own(self) -> None:
        done = await shell("trap 'exit 5' TERM; (: </dev/tty) || kill -TERM 0; sleep 600")
        assert done.returncode == 5

    async def test_the_loop_may_run_in_any_thread(self) -> None:
        found: list[process.Completed] = []
        thread = threading.Thread(target=lambda: found.append(asyncio.run(shell("echo hi"))))
        thread.start()
        await asyncio.to_thread(thread.join)
        assert found[0].stdout == b"hi\n"


class TestWhatCannotRun:
    async def test_no_such_command(self) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            await process.run(["no-such-command"], cwd="/", env=ENV, timeout=60)
        assert caught.value.filename == "no-such-command"

    async def test_not_executable(self, tmp_path: Path) -> None:
        (tmp_path / "script").write_text("#!/bin/sh\n")
        with pytest.raises(PermissionError) as caught:
            await process.run([str(tmp_path / "script")], cwd="/", env=ENV, timeout=60)
        assert caught.value.filename == str(tmp_path / "script")

    async def test_no_such_directory(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            await shell("true", cwd=tmp_path / "missing")
        assert caught.value.filename == str(tmp_path / "missing")

    async def test_a_wrapper_that_fails_is_quoted(self) -> None:
        plan = process.make_plan(["true"], cwd="/", env=ENV)
        wrapper = ["/bin/sh", "-c", "echo no namespaces today >&2; exit 1", "sh"]
        with pytest.raises(process.LaunchError, match="no namespaces today"):
            await process.launch(wrapper, plan, timeout=60)

    async def test_a_missing_wrapper_is_named(self) -> None:
        plan = process.make_plan(["true"], cwd="/", env=ENV)
        with pytest.raises(process.LaunchError, match="/no/bwrap"):
            await process.launch(["/no/bwrap"], plan, timeout=60)


STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.write(int(sys.argv[1]), b"d")
        time.sleep(600)
if len(sys.argv) == 2:
    time.sleep(600)
for _ in range(5):
    os.read(int(sys.argv[2]), 1)
"""


class TestNobodyStays:
    """The fixture counts processes and descriptors before and after each test."""

    async def test_daemons_end_with_a_command_that_ends(self) -> None:
        read, write = os.pipe()
        try:
            done = await python(STUBBORN, str(write), str(read), pass_fds=(write, read))
        finally:
            os.close(read)
            os.close(write)
        assert done.returncode == 0

    async def test_daemons_end_with_a_timeout(self) -> None:
        read, write = os.pipe()
        try:
            done = await python(STUBBORN, str(write), pass_fds=(write,), timeout=0.5)
        finally:
            os.close(read)
            os.close(write)
        assert done.timed_out
        assert done.returncode == -signal.SIGKILL

    async def test_output_before_a_timeout_is_kept(self) -> None:
        done = await shell("echo so far; exec sleep 600", timeout=3)
        assert done.timed_out
        assert done.stdout == b"so far\n"

    async def test_no_time_at_all(self) -> None:
        assert (await shell("sleep 600", timeout=0)).timed_out

    async def test_daemons_end_with_a_cancelled_call(self) -> None:
        others = processes.children_of(os.getpid())
        read, write = os.pipe()
        try:
            task = asyncio.create_task(python(STUBBORN, str(write), pass_fds=(write,)))
            for _ in range(5):
                await asyncio.to_thread(os.read, read, 1)
            assert processes.children_of(os.getpid()) > others
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert processes.children_of(os.getpid()) <= others
        finally:
            os.close(read)
            os.close(write)

    @pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 20])
    async def test_cancelled_at_any_moment_and_more_than_once(self, steps: int) -> None:
        task = asyncio.create_task(shell("sleep 600"))
        for _ in range(steps):
            await asyncio.sleep(0)
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        assert task.cancelled()

    async def test_many_at_once(self) -> None:
        runs = [shell(f"(setsid sleep 600 &) ; echo {number}") for number in range(12)]
        done = await asyncio.gather(*runs)
        assert [int(one.stdout) for one in done] == list(range(12))

    async def test_a_supervisor_stopped_by_its_command(self) -> None:
        code = "import os, signal, time; above = os.getppid(); os.fork() or os.setsid()\n"
        code += "os.kill(above, signal.SIGSTOP); time.sleep(600)"
        assert (await python(code, timeout=0.5)).timed_out

    async def test_a_supervisor_killed_by_its_command(self) -> None:
        code = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)"
        done = await python(code)
        assert done.returncode == -signal.SIGKILL
        assert processes.wait_until_gone(processes.with_token(TOKEN)) == set()

    async def test_a_child_that_holds_the_output_open_does_not_hold_us(self) -> None:
        done = await shell("sleep 600 & echo started")
        assert done.stdout == b"started\n"


class TestLimits:
    async def test_memory(self) -> None:
        done = await python("bytearray(300 << 20)", limits=Limits(memory_mib=128))
        assert b"MemoryError" in done.stderr
        assert (await python("bytearray(300 << 20)", limits=Limits())).returncode == 0

    async def test_file_size(self, tmp_path: Path) -> None:
        code = "open('big', 'wb').write(bytes(3 << 20))"
        done = await python(code, cwd=tmp_path, limits=Limits(file_mib=1))
        assert done.returncode == -signal.SIGXFSZ or b"File too large" in done.stderr
        assert (tmp_path / "big").stat().st_size <= 1 << 20

    async def test_no_core_files(self) -> None:
        assert (await shell("ulimit -c", limits=Limits())).stdout == b"0\n"

    async def test_first_to_go_when_memory_ends(self) -> None:
        done = await shell("cat /proc/self/oom_score_adj", limits=Limits())
        assert done.stdout == b"1000\n"

    @pytest.mark.skipif(os.getuid() == 0, reason="root is not held to a number of processes")
    async def test_processes_of_the_same_user_do_not_count(self) -> None:
        enough = threading.Event()
        threads = [threading.Thread(target=enough.wait) for _ in range(60)]
        for thread in threads:
            thread.start()
        try:
            done = await shell("/bin/true && echo ok", limits=Limits(processes=40))
        finally:
            enough.set()
            for thread in threads:
                thread.join()
        assert done.stdout == b"ok\n"

    async def test_none_without_limits(self) -> None:
        done = await shell("ulimit -d; cat /proc/self/oom_score_adj")
        assert done.stdout.split()[0] == b"unlimited"
        assert done.stdout.split()[1] != b"1000"


async def test_what_must_be_completed_is_and_a_cancelled_caller_stays_cancelled() -> None:
    go, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        await go.wait()
        ended = True
        raise OSError("gone")

    caller = asyncio.create_task(to_the_end(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    go.set()
    await asyncio.wait([caller])
    assert ended
    assert caller.cancelled()
    with pytest.raises(OSError, match="gone"):
        await to_the_end(work())
