"""A workspace at a glance: what of it a planner is shown, within a budget."""

import pytest

from festina.context import overview as module
from festina.context.overview import overview
from festina.verify.base import Snapshot
from support.secret_samples import FORMS

CODE = (
    "def {0}():\n    def inside(): ...\n\n\n"
    "class {1}:\n    def __init__(self): ...\n\n    def run(self): ...\n"
)


@pytest.fixture
def workspace(tmp_path):
    for path, names in {
        "shop/cart.py": ("add_item", "Cart"),
        "shop/money.py": ("cents", "Money"),
        "tests/test_cart.py": ("test_add", "TestCart"),
        "build/made.py": ("made", "Made"),
        "out/ignored.py": ("ignored", "Ignored"),
        ".tools/hidden.py": ("hidden", "Hidden"),
    }.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(CODE.format(*names))
    (tmp_path / ".gitignore").write_text("out/\n")
    (tmp_path / "README.md").write_text("Words.\n")
    (tmp_path / "shop" / "odd\nname.py").write_text("x = 1\n")
    return tmp_path


def listed(workspace, goal="go", tokens=1000):
    return overview(Snapshot(workspace), goal, tokens).listing


ALL = """\
README.md
shop/cart.py: add_item, Cart, Cart.run
shop/money.py: cents, Money, Money.run
tests/test_cart.py: test_add, TestCart, TestCart.run"""


def test_the_files_of_the_project_are_listed_with_what_they_define(workspace):
    assert listed(workspace) == ALL


def test_a_path_that_holds_a_secret_is_shown_without_it(workspace):
    token = FORMS["a GitHub token"]
    (workspace / f"{token}.txt").write_text("Words.\n")
    seen = listed(workspace)
    assert token not in seen
    assert "FESTINA-SECRET-1.txt\n" in seen


def test_open_buffers_count(workspace):
    snapshot = Snapshot(workspace, {"shop/new.py": "def fresh(): ...\n", "out/x.py": "x = 1\n"})
    seen = overview(snapshot, "go", 1000).listing
    assert "shop/new.py: fresh\n" in seen
    assert "out/" not in seen


@pytest.mark.parametrize("tokens", [0, 5, 10, 20, 30, 50])
def test_a_budget_is_kept_to_and_what_was_left_out_is_counted(workspace, tokens):
    seen = listed(workspace, "mend the money", tokens)
    lines = seen.split("\n")
    shown = [line for line in lines if not line.startswith("[and ")]
    assert len("\n".join(shown)) <= 4 * tokens
    if len(shown) < 4:
        assert lines[-1] == f"[and {4 - len(shown)} other files]"
    if tokens >= 10:
        assert any(line.startswith("shop/money.py") for line in shown), "as the goal names it"
    if tokens == 20:
        assert "shop/money.py: cents, Money, Money.run" in shown


def test_a_very_large_workspace_is_shown_in_part(workspace, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 2)
    assert "README.md" in listed(workspace)
    monkeypatch.setattr(module, "MOST_NAMES", 1)
    assert "cart.py: add_item, ..." in listed(workspace)
