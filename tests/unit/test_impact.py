"""The impact map as a value: what it selects, and what of it holds for other texts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from festina.verify import impact_sources
from festina.verify.impact import ImpactMap, source_of
from festina.verify.impact_store import Impacts, Key

MOD = "LIMIT = 3\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n\n\ndef at_import():\n"
MOD += "    pass\n"
TEST = "import mod\n\n\ndef test_f():\n    assert mod.f()\n\n\ndef test_g():\n    assert mod.g()\n"
FILES = {
    "mod.py": MOD,
    "late.py": "def h():\n    pass\n",
    "unused.py": "def nobody():\n    pass\n",
    "test_a.py": TEST,
    "data.txt": "data\n",
    "notes.txt": "read by nobody\n",
    "pyproject.toml": "",
    "conftest.py": "",
}
F, G, DATA, SHELL = "test_a.py::test_f", "test_a.py::test_g", "test_b.py::data", "test_b.py::shell"
ALL = frozenset([F, G, DATA, SHELL])


def of(*ids: str) -> int:
    return sum(1 << [F, G, DATA, SHELL].index(each) for each in ids)


MAP = ImpactMap(
    tests=(F, G, DATA, SHELL),
    sources={path: source_of(path, text.encode()) for path, text in FILES.items()},
    entered={
        "mod.py": {"f": of(F), "g": of(F, G)},
        "late.py": {"h": of(DATA)},
        "test_a.py": {"test_f": of(F), "test_g": of(G)},
    },
    at_import={
        "mod.py": frozenset(["<module>", "at_import"]),
        "test_a.py": frozenset(["<module>"]),
    },
    reads={"data.txt": of(DATA), "missing.txt": of(G)},
    read_at_import=frozenset(["unused.py"]),
    lists={"": of(DATA)},
    alone=frozenset(["test_a.py"]),
    always=of(SHELL),
)


def test_a_function_selects_the_tests_that_enter_it_and_those_that_always_run():
    chosen = MAP.select({"mod.py": ["f"]})
    assert chosen.tests == {F, SHELL}
    assert chosen.always == {SHELL}
    assert not chosen.at_import


def _named(value: object) -> str:
    """Name a parameter the same in every process: sets have no order."""
    return str(sorted(value) if isinstance(value, (set, frozenset)) else value)


@pytest.mark.parametrize(
    ("changed", "tests", "at_import"),
    [
        ({"mod.py": ["f", "g"]}, {F, G, SHELL}, False),
        ({"mod.py": ["never_entered"]}, {SHELL}, False),
        ({"mod.py": ["at_import"]}, {SHELL}, True),
        ({"mod.py": ["<module>"]}, {F, G, SHELL}, True),
        ({"late.py": ["<module>"]}, {DATA, SHELL}, False),
        ({"data.txt": []}, {DATA, SHELL}, False),
        ({"missing.txt": []}, {DATA, G, SHELL}, False),
        ({"notes.txt": []}, {SHELL}, False),
        ({"unused.py": ["nobody"]}, {SHELL}, True),
        ({"conftest.py": ["fixture"]}, ALL, True),
        ({"new.py": ["f"]}, ALL, True),
    ],
    ids=_named,
)
def test_what_changes_select(changed, tests, at_import):
    chosen = MAP.select(changed)
    assert chosen.tests == tests
    assert chosen.at_import == at_import


def test_what_was_done_outside_of_tests_and_cannot_be_followed_makes_every_change_one_at_import():
    loose = ImpactMap(**{name: getattr(MAP, name) for name in MAP.__slots__} | {"loose": "make"})
    assert loose.select({"mod.py": ["f"]}).at_import


def test_a_test_that_the_map_does_not_know_always_runs_and_one_that_is_gone_does_not():
    chosen = MAP.select({"mod.py": ["f"]}, ids=[G, DATA, SHELL, "test_a.py::test_new"])
    assert chosen.tests == {SHELL, "test_a.py::test_new"}
    assert chosen.always == {SHELL, "test_a.py::test_new"}


@pytest.mark.parametrize(
    ("path", "text", "unknown"),
    [
        ("mod.py", MOD, set()),
        ("mod.py", MOD.replace("return 1", "return 1  # one"), set()),
        ("mod.py", MOD.replace("return 1", "return 10"), {F}),
        ("mod.py", MOD.replace("return 2", "return 20"), {F, G}),
        ("mod.py", MOD.replace("    pass", "    return 1"), ALL),
        ("mod.py", MOD.replace("LIMIT = 3", "LIMIT = 4"), ALL),
        ("mod.py", MOD.replace("def f():", "def f(a=1):"), ALL),
        ("mod.py", MOD + "\n\ndef new():\n    pass\n", ALL),
        ("mod.py", "def f(:\n", ALL),
        ("mod.py", None, ALL),
        ("late.py", "import x\n" + FILES["late.py"], {DATA}),
        ("test_a.py", TEST + "\n\ndef test_new():\n    pass\n", {F, G}),
        ("test_a.py", TEST.replace("mod.g()", "mod.g() == 2"), {G}),
        ("unused.py", "x = 1\n", ALL),
        ("data.txt", "other", {DATA}),
        ("notes.txt", "other", set()),
        ("notes.txt", None, {DATA}),
        ("more.txt", "new", {DATA}),
        ("missing.txt", "new", {DATA, G}),
        ("new.py", "x = 1\n", ALL),
        ("pyproject.toml", "[tool]\n", ALL),
        ("conftest.py", "x = 1\n", ALL),
    ],
    ids=_named,
)
def test_other_texts_leave_the_tests_unknown_that_had_to_do_with_them(path, text, unknown):
    rebased = MAP.rebased({path: text})
    assert rebased.named(rebased.unknown) == unknown
    assert rebased.complete == (not unknown)
    assert MAP.complete
    # what is unknown is selected, whatever is changed
    assert rebased.select({"notes.txt": []}).tests >= unknown


def test_a_rebased_map_is_one_for_the_new_text():
    first = MOD.replace("return 1", "return 10")
    rebased = MAP.rebased({"mod.py": first})
    assert rebased.rebased({"mod.py": first}).unknown == rebased.unknown
    again = rebased.rebased({"mod.py": first.replace("return 2", "return 20")})
    assert again.named(again.unknown) == {F, G}


# -- the store ------------------------------------------------------------------------------------


def key_for(root: Path) -> Key:
    return Key("project", impact_sources.digests(root, ()))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for path, text in FILES.items():
        (folder / path).write_text(text)
    return folder


def made(found: ImpactMap = MAP):
    async def make(known, keep):
        return found

    return make


async def unmade(known, keep):
    raise AssertionError("it was built again")


async def test_a_map_is_kept_on_disk_and_found_by_the_contents_alone(tmp_path, root):
    store = tmp_path / "store"
    assert await Impacts(store).get(key_for(root), root, made()) == MAP
    (root / "mod.py").touch()
    impacts = Impacts(store)
    assert impacts.at_hand(key_for(root)) is None
    assert await impacts.get(key_for(root), root, unmade) == MAP
    assert impacts.at_hand(key_for(root)) == MAP
    assert (store.stat().st_mode | next(store.iterdir()).stat().st_mode) & 0o077 == 0


async def test_the_map_of_another_branch_is_rebased_and_back_on_the_first_nothing_is_lost(
    tmp_path, root
):
    store = tmp_path / "store"
    await Impacts(store).get(key_for(root), root, made())
    (root / "mod.py").write_text(MOD.replace("return 1", "return 10"))
    impacts = Impacts(store)
    other = await impacts.find(key_for(root), root)
    assert other is not None
    assert other.named(other.unknown) == {F}
    seen = []

    async def make(known, keep):
        seen.append(known)
        return MAP.rebased({"mod.py": (root / "mod.py").read_text()})

    await impacts.get(key_for(root), root, make)
    assert seen == [other]
    (root / "mod.py").write_text(MOD)
    assert await Impacts(store).get(key_for(root), root, unmade) == MAP


@pytest.mark.parametrize("damage", [b"", b"no gzip", None], ids=["empty", "text", "cut"])
async def test_a_damaged_file_is_ignored(tmp_path, root, damage):
    store = tmp_path / "store"
    await Impacts(store).get(key_for(root), root, made())
    (file,) = store.glob("*/*.gz")
    file.write_bytes(file.read_bytes()[:-9] if damage is None else damage)
    assert await Impacts(store).find(key_for(root), root) is None


async def test_another_project_or_interpreter_has_maps_of_its_own(tmp_path, root):
    await Impacts(tmp_path / "store").get(key_for(root), root, made())
    other = Key("other", key_for(root).digests)
    assert await Impacts(tmp_path / "store").find(other, root) is None


async def test_what_was_found_before_a_build_was_cancelled_is_kept(tmp_path, root):
    part = MAP.rebased({"mod.py": MOD.replace("return 1", "return 10")}).rebased({"mod.py": MOD})
    assert part.unknown
    begun = asyncio.Event()

    async def make(known, keep):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            keep(part)

    impacts = Impacts(tmp_path / "store")
    task = asyncio.create_task(impacts.get(key_for(root), root, make))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert impacts.at_hand(key_for(root)) == part
    assert await Impacts(tmp_path / "store").find(key_for(root), root) == part


async def test_old_maps_go_first(tmp_path, root):
    store = tmp_path / "store"
    for number in range(10):
        (root / "conftest.py").write_text(str(number))
        await Impacts(store).get(key_for(root), root, made())
    assert len(list(store.glob("*/*"))) == 8
