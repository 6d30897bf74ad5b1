"""A Neovim that is killed after an accept, and verify.md, with the stock client of the README."""

import json
import subprocess
from pathlib import Path

import pytest

from support import readme
from support.bench import PROJECT, bench, headless, neovim

SCRIPT = Path(__file__).parent / "neovim_memory.lua"


@pytest.mark.editors
@pytest.mark.timeout(300)
def test_what_was_accepted_is_told_after_a_kill_and_a_command_is_approved(tmp_path):
    project = f"{PROJECT}=== verify.md\n- [x] `grep -q def mod.py`\n"
    with bench(tmp_path, project=project) as made:
        made.released.set()
        config = made.home / ".config" / "nvim"
        config.mkdir(parents=True)
        lines = readme.block("lua", "Neovim 0.11 or newer")
        attached = 'filetypes = { "python", "markdown" }'  # as the README says for verify.md
        assert 'filetypes = { "python" }' in lines
        lines = lines.replace('filetypes = { "python" }', attached)
        (config / "init.lua").write_text(lines)
        kill = [neovim("0.11"), "-n", "--headless", "mod.py", "-c", f"luafile {SCRIPT}"]
        # an edit is refused as unverified while the command is not approved
        (made.folder / "verify.md").rename(made.home / "verify.md")
        killed = subprocess.run(
            kill,
            cwd=made.folder,
            env={**made.environment, "FESTINA_TEST_TOKEN": made.token, "FESTINA_PHASE": "kill"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "all ok" in killed.stdout + killed.stderr, killed.stdout + killed.stderr
        assert killed.returncode == -9
        assert made.left() == set()
        (made.home / "verify.md").rename(made.folder / "verify.md")
        headless(made, "0.11", SCRIPT)
        listed = subprocess.run(
            ["festina", "recover", "--json"],
            cwd=made.folder,
            env=made.environment,
            capture_output=True,
            check=False,
        )
        (left,) = json.loads(listed.stdout)["left"]
        assert left["files"][0]["state"] == "absent"
        assert left["applicable"] is True
