"""Commands of a workspace as gates: what their exit code and output make of a candidate.

The programs here are small shell scripts; ``test_command_tools.py`` runs real tools.
"""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from festina.config import VerifySettings
from festina.findings import Finding, Gate, GateResult, Status, Verdict
from festina.gate_commands import Command
from festina.plans import Bounds, Change
from festina.plans import Step as PlanStep
from festina.verify import sandbox
from festina.verify.base import Candidate, Snapshot, Step
from festina.verify.engine import Engine
from support import levels, projects

PROJECT = """
=== src/a.ts
one
two
three
=== src/b.ts
bad b
=== check.sh
grep -Hn bad src/a.ts | sed 's/:bad/: error: bad/'
! grep -q bad src/a.ts
=== all.sh
for file in src/*.ts; do grep -Hn bad "$file" | sed 's/:bad/: error: bad/'; done
exit 1
=== grep.sh
grep -q "$1" src/a.ts && { echo "$2"; exit 1; }
exit 0
=== broken.sh
echo "cannot load the configuration"
exit 2
"""
CHECK = Command("check", ("sh", "check.sh"), ("**/*.ts",))


@pytest.fixture(autouse=True)
def own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
async def verifier(tmp_path: Path) -> AsyncIterator[Engine]:
    verifier = Engine(cache=tmp_path / "baselines")
    yield verifier
    await verifier.aclose()
    left = [path.name for path in (tmp_path / "cache").rglob("*-[0-9]*")]
    assert left == []


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return projects.make(tmp_path / "project", PROJECT)


async def judge(
    verifier: Engine,
    root: Path,
    new: str,
    *commands: Command,
    path: str = "src/a.ts",
    resolves: tuple[Finding, ...] = (),
    beside: tuple[Change, ...] = (),
    steps: list[Step] | None = None,
    trusted: bool = True,
    gates: tuple[str, ...] = VerifySettings().gates,
) -> Verdict:
    settings = VerifySettings(gates=gates, commands=commands)
    snapshot = Snapshot(root, settings=settings, trusted=trusted, consent=True)
    before = projects.digest(root)
    bounds = Bounds(PlanStep(""), beside=beside) if beside else None
    candidate = Candidate(path, (root / path).read_text(), new, resolves, bounds)
    verdict = await verifier.verify(
        snapshot, candidate, steps.append if steps is not None else None
    )
    assert projects.digest(root) == before
    return verdict


def result_of(verdict: Verdict) -> GateResult:
    result = verdict.gate(Gate.COMMAND)
    assert result is not None
    return result


async def test_exit_0_passes_and_the_verdict_names_the_command(
    verifier: Engine, root: Path
) -> None:
    steps: list[Step] = []
    verdict = await judge(verifier, root, "one\nzwei\n", CHECK, steps=steps)
    assert verdict.status is Status.PASSED
    assert verdict.summary().startswith("check ok, ")
    tests = verdict.gate(Gate.TESTS)
    assert tests is not None
    assert (tests.status, tests.reason) == (
        Status.SKIPPED,
        "pytest has nothing to do with .ts files; check judges this one.",
    )
    assert result_of(verdict).sandbox == (await sandbox.probe()).level
    assert "running check" in [step.message for step in steps]
    assert result_of(verdict).to_json()["name"] == "check"


async def test_a_failure_is_placed(verifier: Engine, root: Path) -> None:
    verdict = await judge(verifier, root, "one\nbad two\nthree\n", CHECK)
    assert verdict.status is Status.FAILED
    (finding,) = verdict.findings
    assert (finding.path, finding.line, finding.message) == ("src/a.ts", 2, "bad two")
    assert finding.detail == "src/a.ts:2: error: bad two"
    assert verdict.summary().startswith("check failed: bad two, ")


async def test_what_names_no_place_is_told_with_its_output(verifier: Engine, root: Path) -> None:
    command = Command("t", ("sh", "grep.sh", "zwei", "12 ok\nnot ok 3 - it adds up\nmore"))
    verdict = await judge(verifier, root, "one\nzwei\n", command)
    (finding,) = verdict.findings
    assert verdict.status is Status.FAILED
    assert (finding.path, finding.line, finding.code) == ("src/a.ts", None, "t")
    assert finding.message == "not ok 3 - it adds up"
    assert (finding.detail or "").endswith("more")


async def test_only_what_is_new_counts(verifier: Engine, root: Path) -> None:
    """``all.sh`` fails without the edit too, and says where."""
    everything = Command("all", ("sh", "all.sh"))
    same = await judge(verifier, root, "one\nzwei\nthree\n", everything)
    assert same.status is Status.PASSED
    worse = await judge(verifier, root, "one\nbad zwei\n", everything)
    assert [(found.path, found.line) for found in worse.findings] == [("src/a.ts", 2)]
    assert worse.status is Status.FAILED


async def test_a_command_that_needs_a_server_is_told_that_landlock_leaves_no_sockets(
    verifier: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := levels.missing(sandbox.Level.LANDLOCK):
        pytest.skip(why)

    async def probe() -> sandbox.Probe:
        return sandbox.Probe(sandbox.Level.LANDLOCK, "only that")

    monkeypatch.setattr(sandbox, "probe", probe)
    said = "Error: listen EAFNOSUPPORT: address family not supported 127.0.0.1:4173"
    serve = Command("serve", ("sh", "-c", f"echo '{said}'; exit 1"))
    verdict = await judge(verifier, root, "zwei\n", serve)
    assert verdict.status is Status.UNVERIFIED
    reason = result_of(verdict).reason or ""
    assert said in reason
    assert "Where Landlock is all that keeps code apart, no program can listen" in reason
    assert "`festina doctor`" in reason


async def test_a_command_that_fails_anyway_tells_nothing(verifier: Engine, root: Path) -> None:
    verdict = await judge(verifier, root, "zwei\n", Command("load", ("sh", "broken.sh")))
    assert verdict.status is Status.UNVERIFIED
    assert result_of(verdict).reason == (
        "`sh broken.sh` fails without the edit too (cannot load the configuration), so it cannot"
        " tell. Mend that first, or take the command out of verify.commands."
    )


async def test_more_output_than_without_the_edit_is_not_taken_for_the_same(
    verifier: Engine, root: Path
) -> None:
    (root / "all.sh").write_text(
        "echo 'src/b.ts:1: error: bad b'\ngrep -q zwei src/a.ts && echo 'crashed in zwei'\nexit 1\n"
    )
    verdict = await judge(verifier, root, "zwei\n", Command("all", ("sh", "all.sh")))
    assert verdict.status is Status.UNVERIFIED


async def test_what_fails_now_and_then_rejects_nothing(
    verifier: Engine, root: Path, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    (root / "odd.sh").write_text(f"echo x >> {count}\n[ $(wc -l < {count}) -ne 1 ]\n")
    settings = VerifySettings(commands=(Command("odd", ("sh", "odd.sh")),), sandbox="off")
    snapshot = Snapshot(root, settings=settings, trusted=True, consent=True)
    old = (root / "src/a.ts").read_text()
    verdict = await verifier.verify(snapshot, Candidate("src/a.ts", old, "zwei\n"))
    assert verdict.status is Status.UNVERIFIED
    assert "failed once and passed once" in (result_of(verdict).reason or "")
    assert result_of(verdict).sandbox == "none"


async def test_a_timeout_names_its_setting(verifier: Engine, root: Path) -> None:
    slow = Command("slow", ("sh", "-c", "exec sleep 1000"), timeout_seconds=0.5)
    verdict = await judge(verifier, root, "zwei\n", slow)
    assert verdict.status is Status.UNVERIFIED
    assert "did not end in 500 ms. Raise `timeout_seconds` of 'slow'" in verdict.summary()


async def test_a_missing_tool_is_named(verifier: Engine, root: Path) -> None:
    for name in ("no-such-tool", "./no-such-tool"):
        verdict = await judge(verifier, root, "zwei\n", Command("x", (name, "{file}")))
        assert verdict.status is Status.UNVERIFIED
        assert f"`{name}` was not found" in (result_of(verdict).reason or "")


async def test_nothing_runs_without_trust(verifier: Engine, root: Path) -> None:
    verdict = await judge(verifier, root, "zwei\n", CHECK, trusted=False)
    assert verdict.status is Status.UNVERIFIED
    assert "is not trusted, so nothing of it was run" in (result_of(verdict).reason or "")


async def test_which_files_a_command_is_for(verifier: Engine, root: Path) -> None:
    first = Command("first", ("sh", "grep.sh", "zwei", "first"), ("**/*.rs",))
    second = Command("second", ("test", "{file}", "=", "src/a.ts"))
    third = Command("third", ("test", "{workspace}", "=", str(root.resolve())))
    verdict = await judge(verifier, root, "zwei\n", first, second, third)
    assert verdict.status is Status.PASSED
    assert verdict.summary().startswith("second, third ok, ")
    alone = await judge(verifier, root, "zwei\n", first)
    assert alone.status is Status.UNVERIFIED
    assert result_of(alone).status is Status.SKIPPED


async def test_what_a_person_approved_is_not_judged_by_an_edit_of_itself(
    verifier: Engine, root: Path
) -> None:
    approved = Command("check", ("sh", "./check.sh"), origin="verify.md")
    passed = result_of(await judge(verifier, root, "one\n", approved))
    assert passed.status is Status.PASSED
    verdict = await judge(verifier, root, "exit 0\n", approved, path="check.sh")
    assert verdict.status is Status.UNVERIFIED
    assert result_of(verdict).reason.startswith(
        "The edit changes check.sh, which `sh ./check.sh` of verify.md runs: it would be judged by"
    )
    beside = Change.of("check.sh", (root / "check.sh").read_text(), "exit 0\n")
    verdict = await judge(verifier, root, "bad\n", approved, beside=(beside,))
    assert "The edit changes check.sh" in result_of(verdict).reason
    own = Command("check", ("sh", "./check.sh"))  # of the settings
    verdict = await judge(verifier, root, "exit 0\n", own, path="check.sh")
    assert verdict.status is Status.UNVERIFIED
    assert "which `sh ./check.sh` of verify.commands runs" in result_of(verdict).reason
    told = Command("look", ("sh", "grep.sh", "exit", "{file}"))  # it is what is looked at
    verdict = await judge(verifier, root, "exit 0\n", told, path="check.sh")
    assert verdict.status is Status.PASSED


async def test_what_judges_is_known_by_each_of_its_names(verifier: Engine, root: Path) -> None:
    (root / "ci.sh").symlink_to("check.sh")
    (root / "tools").mkdir()
    (root / "tools" / "run").write_text("#!/bin/sh\nexit 1\n")
    (root / "tools" / "run").chmod(0o755)
    (root / "bin").symlink_to("tools")
    (root / "round").symlink_to("round")
    for run, path in ((("sh", "ci.sh"), "check.sh"), (("env", "bin/run"), "tools/run")):
        command = Command("check", run, origin="verify.md")
        verdict = await judge(verifier, root, "exit 0\n", command, path=path)
        assert verdict.status is Status.UNVERIFIED
        assert f"The edit changes {path}, which `{' '.join(run)}`" in result_of(verdict).reason


async def test_the_gates_of_the_configuration_decide(verifier: Engine, root: Path) -> None:
    verdict = await judge(verifier, root, "bad\n", CHECK, gates=("syntax", "lint", "tests"))
    assert verdict.gate(Gate.COMMAND) is None
    assert verdict.status is Status.UNVERIFIED
    assert 'add "command" to verify.gates, so that check runs' in verdict.summary()


async def test_what_was_to_be_resolved_must_be_gone(verifier: Engine, root: Path) -> None:
    (root / "src/a.ts").write_text("bad one\nbad two\n")
    wish = Finding(Gate.LINT, "src/a.ts", "bad one", line=1)
    gone = await judge(verifier, root, "good\nbad two\n", CHECK, resolves=(wish,))
    assert gone.status is Status.PASSED
    kept = await judge(verifier, root, "bad one\ngood\n", CHECK, resolves=(wish,))
    assert kept.status is Status.FAILED
    other = Finding(Gate.LINT, "src/a.ts", "never said", line=3, code="X1")
    verdict = await judge(verifier, root, "good\nbad two\n", CHECK, resolves=(other,))
    assert verdict.status is Status.UNVERIFIED
    assert "'never said' is resolved" in verdict.summary()


@pytest.mark.parametrize(
    ("files", "path", "words"),
    [
        ("=== a.rb\nx\n", "a.rb", "Name a program that judges it in verify.commands"),
        (
            '=== package.json\n{"scripts": {"test": "vitest"}}\n=== a.ts\nx\n',
            "a.ts",
            'Add to festina.toml, below [verify]: commands = [{ name = "npm test", run = ["npm",'
            ' "test"], when = "**/*.{js,jsx,mjs,cjs,ts,tsx,mts,cts}" }]',
        ),
        ("=== Cargo.toml\n=== src/a.rs\nx\n", "src/a.rs", 'run = ["cargo", "test", "--offline"]'),
        (
            "=== go.mod\n=== pyproject.toml\n=== a.go\nx\n",
            "a.go",
            'Add to pyproject.toml, below [tool.festina.verify]: commands = [{ name = "go test"',
        ),
    ],
)
async def test_obvious_commands_are_offered(
    verifier: Engine, tmp_path: Path, files: str, path: str, words: str
) -> None:
    root = projects.make(tmp_path / "other", files)
    verdict = await judge(verifier, root, "y\n", path=path)
    assert verdict.status is Status.UNVERIFIED
    assert words in verdict.summary()


async def test_python_still_needs_its_tests(verifier: Engine, root: Path) -> None:
    (root / "m.py").write_text("x = 1\n")
    settings = VerifySettings(commands=(Command("fine", ("true",)),), python="/no/python")
    snapshot = Snapshot(root, settings=settings, trusted=True, consent=True)
    verdict = await verifier.verify(snapshot, Candidate("m.py", "x = 1\n", "x = 2\n"))
    assert result_of(verdict).status is Status.PASSED
    assert verdict.status is Status.UNVERIFIED


# --- the sandbox


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with secrets, and a tool beside them."""
    home = tmp_path / "home"
    for name in (".cargo/bin/tool", ".ssh/id", ".cargo/credentials", ".config/app"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("secret")
    monkeypatch.setenv("HOME", str(home))
    script = f"""\
        #!/bin/sh
        for path in {home}/.ssh/id {home}/.cargo/credentials {home}/.config; do
          [ ! -e "$path" ] || echo "src/a.ts:1: error: $path is there"
        done
        touch {home}/.cargo/bin/written 2>/dev/null && echo "src/a.ts:1: error: written"
        [ -e {home}/.cargo/bin/tool ] || echo "src/a.ts:1: error: the folder is not shown"
        [ -z "$SECRET" ] || echo "src/a.ts:1: error: $SECRET"
        exec sh check.sh
        """
    tool = home / ".cargo/bin/tool"
    tool.write_text(textwrap.dedent(script))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    monkeypatch.setenv("SECRET", "a token")
    return home


async def test_tools_of_a_home_are_shown_without_its_secrets(
    verifier: Engine, root: Path, home: Path
) -> None:
    (root / "check.sh").write_text("exit ${FAIL:-0}\n")
    command = Command("tool", ("tool",))
    passed = await judge(verifier, root, "zwei\n", command)
    assert passed.status is Status.PASSED, passed.summary()
    (root / "check.sh").write_text("grep -q zwei src/a.ts && exit 1\nexit 0\n")
    failed = await judge(verifier, root, "zwei\n", command)
    assert failed.status is Status.FAILED
    # had it seen anything, that would be a place, and no last line of output
    assert [found.line for found in failed.findings] == [None], failed.findings


CONNECT = """
import errno, socket
try:
    socket.create_connection(("192.0.2.1", 9), 1)
except OSError as error:
    raise SystemExit(error.errno != errno.ENETUNREACH)
raise SystemExit("connected")
"""


async def test_no_network(verifier: Engine, root: Path) -> None:
    verdict = await judge(verifier, root, "zwei\n", Command("net", ("python3", "-c", CONNECT)))
    assert verdict.status is Status.PASSED, verdict.summary()


async def test_what_a_candidate_builds_is_never_used_again(verifier: Engine, root: Path) -> None:
    (root / "Cargo.toml").touch()
    (root / "build.sh").write_text(
        'mkdir -p "$CARGO_TARGET_DIR" && cd "$CARGO_TARGET_DIR"\n'
        "if grep -q zwei $OLDPWD/src/a.ts; then\n"
        "  [ -e built ] || { echo 'nothing was built before'; exit 1; }\n"
        "  [ $OLDPWD/src/a.ts -nt built ] || { echo 'it looks older than the build'; exit 1; }\n"
        "  [ ! -e poison ] || { echo 'another candidate was here'; exit 1; }\n"
        "  echo x > poison\n"
        "fi\n"
        "echo x > built\n"
    )
    build = Command("build", ("sh", "build.sh"))
    for new in ("zwei\n", "zwei drei\n"):
        verdict = await judge(verifier, root, new, build)
        assert verdict.status is Status.PASSED, verdict.summary()


async def test_cancelling_ends_it(verifier: Engine, root: Path, tmp_path: Path) -> None:
    sleeper = Command("sleep", ("sleep", "987.654"))
    task = asyncio.create_task(judge(verifier, root, "zwei\n", sleeper))
    async with asyncio.timeout(60):
        while not sleeping():
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not sleeping()


def sleeping() -> bool:
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and b"987.654" in (folder / "cmdline").read_bytes().split(
                b"\0"
            ):
                return True
        except OSError:
            continue
    return False
