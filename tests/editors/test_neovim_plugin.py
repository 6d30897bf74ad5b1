"""The plugin `clients/neovim` in real Neovims without a screen.

The first test is quick enough for every run; the others are slow only because they are many.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import fake_replies, projects, readme
from support.bench import PROJECT, asked_about, bench
from support.neovim_plugin import ROOT, run

VERSIONS = [
    pytest.param("0.11", marks=pytest.mark.smoke),
    pytest.param("0.10", marks=pytest.mark.slow),
    pytest.param("0.12", marks=pytest.mark.slow),
]
pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_main_job(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "edit.lua")
        assert any("upper bound" in json.dumps(body) for body in made.fake.requests)


CLAMP = """\
def clamp(value, low, high):
    value = value {plus} 0
    low = low
    high = high
    return {result}
"""


def variations(body: dict[str, Any]) -> fake_replies.Reply:
    """Answer by the instruction; of several candidates each is another one that is right."""
    asked = body["messages"][-1]["content"].rpartition("Instruction:")[2]
    if "limit is reached" in asked and not LIMITED:
        LIMITED.append(True)
        return fake_replies.status(429, x_should_retry="false")
    if "never end" in asked:
        begun = fake_replies.text("```python\ndef clamp(value", finish=None, done=False)
        return fake_replies.Reply((*begun.steps[:-1], fake_replies.Hold()))
    if "wrong" in asked and "three ways" not in asked:
        code = CLAMP.format(plus="+", result="max(value, high)")
    else:
        number = next(NUMBERS)
        code = CLAMP.format(
            plus=("+", "-", "|", "^")[number % 4],
            result=("min(high, max(low, value))", "max(low, min(high, value))")[number % 2],
        )
    return fake_replies.text(f"```python\n{code}```\n")


NUMBERS = itertools.count()
LIMITED: list[bool] = []
CLAMPED = CLAMP.format(plus="*", result="max(low, value)").replace("* 0", "* 1")
THREE = PROJECT[: PROJECT.index("def clamp")] + CLAMPED + PROJECT[PROJECT.index("\n\ndef double") :]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_drawn(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "draw.lua")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_usual(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "odd.lua")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_hard_on_a_plugin(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "harsh.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_what_comes_late_or_not_at_all(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "late.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_no_code_of_the_working_directory_runs_in_the_server(tmp_path: Path, version: str) -> None:
    with bench(tmp_path, trusted=False) as made:
        made.environment["PYTHONPATH"] = os.pathsep  # which means: from where it is started
        made.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        # Neovim itself looks for its Python provider in this way, which is no matter of ours
        ours = "import sys\nif 'festina' in str(sys.orig_argv):\n"
        code = f"{ours}    open({str(made.folder / 'run')!r}, 'w')\n    1 / 0\n"
        (made.folder / "re.py").write_text(code)
        run(made, version, "start.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_all_that_can_be_done_with_a_proposal(tmp_path: Path, version: str) -> None:
    with bench(tmp_path, project=THREE) as made:
        made.fake.script(variations)
        LIMITED.clear()
        run(made, version, "actions.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_what_a_person_does_meanwhile(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "survives.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_an_edit_stays_without_a_word_of_the_server(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        run(made, version, "stays.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_a_server_that_ends_or_stops(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        made.environment["FESTINA_TEST_STOPPED"] = "61"  # more than a minute
        run(made, version, "server.lua")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_questions_saves_and_all_that_is_no_proposal(tmp_path: Path, version: str) -> None:
    with bench(tmp_path) as made:
        made.fake.script("It **doubles** a value, [see](https://e.example) `double`.")
        run(made, version, "rest.lua")
        assert list(map(asked_about, made.fake.requests[:2])) == [  # the third: checkhealth
            ("what does it do?", "def double(value):\n    return value * 2\n"),
            ("which one is it?", "return max(low, value)\n"),
        ]


@pytest.mark.slow
@pytest.mark.parametrize("marker", ["setup.py", ""], ids=["setup.py", "nothing"])
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_a_folder_that_nothing_marks_as_a_project(
    tmp_path: Path, version: str, marker: str
) -> None:
    """Its tests are found all the same; a further such folder has the same server."""
    with bench(tmp_path, project=loose(marker)) as made:
        other = projects.make(tmp_path / "elsewhere", loose(""))
        made.released.set()
        command = ["festina", "trust"]
        subprocess.run(command, cwd=other, env=made.environment, check=True, capture_output=True)
        made.environment |= {
            "FESTINA_TEST_MARKED": str(made.folder) if marker else "",
            "FESTINA_TEST_OTHER": str(other / "mod.py"),
        }
        run(made, version, "loose.lua")


def loose(marker: str) -> str:
    """The usual project without pyproject.toml; with a marker its tests lie in another folder."""
    code = PROJECT[PROJECT.index("=== mod.py") :]
    if not marker:
        return code
    packed = code.replace("=== mod.py", "=== package/mod.py").replace(
        "=== test_mod.py", "=== tests/test_mod.py"
    )
    return f"=== {marker}\n" + packed.replace("from mod", "from package.mod")


@pytest.mark.slow
def test_the_plugin_comes_with_vim_pack(tmp_path: Path) -> None:
    with bench(tmp_path) as made:
        made.released.set()
        clone = made.home / "clone"
        command = ["git", "clone", "--quiet", "--no-local", ROOT, clone]
        subprocess.run(command, check=True, capture_output=True)
        added = readme.block("lua", "vim.pack").replace("/path/to/this/clone", str(clone))
        # it asks whether it may; nobody is there to answer
        init = f'vim.fn.confirm = function() return 1 end\n{added}\nrequire("festina").setup()\n'
        made.environment["FESTINA_TEST_PACKED"] = "site/pack/core/opt/festina/clients/neovim"
        run(made, "0.12", "packed.lua", init=init)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.10", "0.11", "0.12"])
def test_the_plugin_is_a_package_of_neovims_own(tmp_path: Path, version: str) -> None:
    """The README's link is all that it needs; from 0.11 on not even ``setup``."""
    with bench(tmp_path) as made:
        made.released.set()
        found = re.search(r"`ln -s /path/to/this/clone/(\S+) ~/(\S+)`", readme.README.read_text())
        assert found
        link = made.home / found[2]
        link.parent.mkdir(parents=True)
        link.symlink_to(ROOT / found[1])
        made.environment["FESTINA_TEST_PACKED"] = found[2]
        way = 'require("festina").setup()' if version == "0.10" else 'vim.lsp.enable("festina")'
        run(made, version, "packed.lua", init=f"{way}\n")


@pytest.mark.slow
def test_the_form_of_the_code() -> None:
    done = subprocess.run(
        ["make", "lua"],
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    if "could not be fetched" in done.stderr or "there is no" in done.stderr:
        # no network, or no Debian: `make test-editors` takes that for a failure
        pytest.skip(done.stderr.strip().splitlines()[0])
    assert done.returncode == 0, done.stdout + done.stderr


PLUGIN = ROOT / "clients" / "neovim"


def test_the_help_has_its_tags() -> None:
    """Each place of ours that the help points to is there, and no line is too long."""
    text = (PLUGIN / "doc" / "festina.txt").read_text()
    assert max(map(len, text.splitlines())) <= 80
    tags = set(re.findall(r"\*([^*\s]+)\*", text))
    own = {
        tag for tag in re.findall(r"\|([^|\s]+)\|", text) if "estina" in tag or tag.startswith("gz")
    }
    assert own <= tags, own - tags


def code(name: str) -> str:
    return (PLUGIN / "lua" / "festina" / f"{name}.lua").read_text()


def names_in(text: str, begin: str, pattern: str, end: str = "\n}\n") -> set[str]:
    """Return what a pattern finds between two marks, of which the first must be there."""
    rest = text[text.index(begin) + len(begin) :]
    return set(re.findall(pattern, rest[: rest.index(end)], re.MULTILINE))


def section(title: str) -> str:
    text = (PLUGIN / "doc" / "festina.txt").read_text()
    return text[text.index(f"\n{title} ") :].partition("\n=====")[0]


def test_the_help_names_all_that_there_is_and_nothing_else() -> None:
    options = names_in(code("config"), "M.defaults = {", r"^  (\w+) = ")
    table = section("OPTIONS")
    assert names_in(table, "    {\n", r"^      (\w+) = ", "\n    }\n") == options
    keys = dict(re.findall(r'^    (\w+) = "(gz\w)"', code("config"), re.MULTILINE))
    assert dict(re.findall(r'(\w+) = "(gz\w)"', table)) == keys

    text = section("KEYS")
    rows = re.findall(r"^    (gz\w) +<Plug>\(festina-([\w-]+)\)", text, re.MULTILINE)
    assert {action: key for key, action in rows} == keys
    actions = names_in(code("keys"), "local WHAT = {", r"^  (\w+) = ")
    plugs = {name.replace("_", "-") for name in actions}
    plugs |= set(re.findall(r'"<Plug>\(festina-([\w-]+)\)"', code("keys")))
    assert (
        set(re.findall(r"^    (?:gz\w +)?<Plug>\(festina-([\w-]+)\)", text, re.MULTILINE)) == plugs
    )

    commands = names_in(code("commands"), "local subcommands = {", r"^  (\w+) = ")
    told = re.findall(r"^:(?:\[range\])?Festina!? (\w+)", section("COMMANDS"), re.MULTILINE)
    assert set(told) == commands

    every = "".join(path.read_text() for path in (PLUGIN / "lua").rglob("*.lua"))
    events = set(re.findall(r'fire\("(\w+)"', every))
    events |= names_in(code("proposals"), "local EVENTS = {", r'"(\w+)"')
    assert set(re.findall(r"^(Festina\w+) ", section("EVENTS"), re.MULTILINE)) == events

    groups = names_in(code("highlights"), "local LINKS = {", r"^  (\w+) = ")
    for table_ in ("STATES", "GROUNDS"):
        groups |= names_in(code("highlights"), f"local {table_} = {{", r"^  (\w+) = ")
    assert set(re.findall(r"^(Festina\w+) ", section("HIGHLIGHTS"), re.MULTILINE)) == groups
    used = set(re.findall(r'"(Festina\w*)"', every)) - events - {"Festina"}
    assert used <= groups, used - groups

    functions = set(re.findall(r"^function M\.(\w+)", code("init"), re.MULTILINE))
    whole = (PLUGIN / "doc" / "festina.txt").read_text()
    assert set(re.findall(r"\*festina\.(\w+)\(\)\*", whole)) == functions
