"""A skill made of one accepted edit converts a whole project, each place checked by itself."""

import asyncio
import json
import sys

import pytest

from support import desk, loops
from support.clamp import fenced
from support.editor import environment
from support.fake_model import FakeModel
from support.loops import FILE, accept, told
from support.presets import VSCODE
from support.trees import hash_tree

OTHERS = tuple(name for name in loops.NAMES if name != "total")


@pytest.fixture
def project(workspace):
    loops.put(workspace)
    return workspace


def states(project):
    """Say of each module whether it was converted; it is nothing else."""
    found = {}
    for name in loops.NAMES:
        text = (project / "shop" / f"{name}.py").read_text()
        before = loops.function(name)
        assert text in {before, loops.converted(before)}, name
        found[name] = text != before
    return found


async def festina(project, env, *words):
    """Run a command to its end; return its exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "festina", *words),
        cwd=project,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_saved_in_the_editor_and_run_on_the_command_line(start, project, tmp_path):
    assert len(OTHERS) >= 10

    def model(body):
        if loops.writes_skill(body) or "def joined" not in loops.asked_region(body):
            return loops.model(body)
        return fenced(loops.converted(loops.asked_region(body)).replace("+= item", "= item"))

    with FakeModel(model) as fake:
        config = desk.config(tmp_path, fake)
        editor = await start(VSCODE, env=config)
        buffer, proposal = await accept(editor)
        await editor.execute("festina.saveSkill", {"proposal": proposal})
        await told(editor, "the skill loop-over-items was written")
        editor.save(buffer)
        editor.expected_tree = hash_tree(project)
        await editor.close()
        env = environment(tmp_path / "home0", config)
        assert (await festina(project, env, "trust"))[0] == 0
        before = hash_tree(project)
        code, out, err = await festina(project, env, "skill", "run", "loop-over-items", "--places")
        assert code == 0, err
        assert out.count("\n") == len(OTHERS) + 1
        assert hash_tree(project) == before
        words = ("skill", "run", "loop-over-items", "--apply", "--json")
        code, out, err = await festina(project, env, *words)
        data = json.loads(out)
        assert (code, err) == (1, "")
        assert data["counts"] == {"passed": 10, "unverified": 0, "failed": 2, "left": 0}
        for result in data["results"]:
            passed = result["status"] == "passed"
            assert result["written"] is passed
            tests = [gate for gate in result["verdict"]["gates"] if gate["gate"] == "tests"]
            assert passed is bool(tests and tests[0]["status"] == "passed")
            if passed:
                assert tests[0]["tests"]["changed_lines_executed"] > 0
        assert states(project) == {name: name != "joined" for name in loops.NAMES}
        assert (project / "shop" / "numbered.py").read_text() == loops.NUMBERED
        assert (project / "shop" / "mean.py").read_text() == loops.ALREADY
        after = hash_tree(project)
        assert {name for name in after if after[name] != before.get(name)} == {
            f"shop/{name}.py" for name in OTHERS if name != "joined"
        }
        assert after.keys() == before.keys()
        code, out, _ = await festina(project, env, "skill", "run", "loop-over-items", "--places")
        assert out.splitlines() == ["shop/joined.py:3 joined", "shop/numbered.py:3 numbered"]
        assert FILE in after
        editor.expected_tree = after
