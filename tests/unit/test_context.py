"""What is handed over beside a region: definitions, conventions, failing tests, within a budget."""

from pathlib import Path

import pytest

from festina import prompt
from festina.context import LOCAL_TOKENS, TOKENS, Wish, budget, gather
from festina.edits import enclosing, finish
from festina.findings import Finding, Gate
from festina.models.base import ModelError, Trouble
from festina.text import Text
from festina.verify.base import Snapshot
from support.secret_samples import FORMS, PRIVATE_KEY

TOKEN = FORMS["a GitHub token"]

FILES = {
    "AGENTS.md": "Write short functions.\n",
    "shop/__init__.py": "from .money import Money, cents\n",
    "shop/money.py": '''"""Money."""
import dataclasses

RATE = 19


@dataclasses.dataclass
class Money:
    """An amount of a currency.

    With many more words that nobody needs.
    """

    amount: int
    currency: str = "EUR"

    def plus(self, other: "Money") -> "Money":
        """Add."""
        if other.currency != self.currency:
            raise ValueError(other.currency)
        total = self.amount + other.amount
        return Money(total, self.currency)

    def tax(self) -> int:
        return self.amount * RATE // 100


def cents(
    text: str,
    *,
    strict: bool = False,
) -> int:
    """Read an amount.

    At length.
    """
    parts = text.split(".")
    if strict and len(parts) != 2:
        raise ValueError(text)
    whole, _, part = text.partition(".")
    value = int(whole) * 100
    value += int(part or 0)
    return value


def unused() -> None:
    pass
''',
    "shop/rates.py": "class Base:\n    limit = 3\n\n\nTABLE = {\n    'a': 1,\n    'b': 2,\n}\n",
    "shop/cart.py": """import json
import shop.rates as rates
from shop import Money, cents
from . import rates as others
from .rates import *


class Cart(rates.Base):
    def total(self, prices: "list[Money]") -> Money:
        money = Money(cents("0.00"))
        for price in prices:
            money = money.plus(price)
        json.dumps(others.TABLE)
        return money

    def other(self):
        return Base.limit
""",
    "tests/test_cart.py": """import pytest
from shop.cart import Cart


@pytest.fixture
def cart():
    return Cart()


class TestCart:
    def test_total(self, cart):
        assert cart.total([]).amount == 0
""",
}


@pytest.fixture
def workspace(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def wish(workspace, path="shop/cart.py", name="total", **more):
    snapshot = more.pop("snapshot", Snapshot(workspace, trusted=True))
    text = Text(snapshot.buffers.get(path) or (workspace / path).read_text())
    line = next(n for n, line in enumerate(text.lines) if f"def {name}(" in line)
    region, _ = enclosing(text, line)
    options = {"instruction": "do it", "language": "python", "tokens": TOKENS, **more}
    return Wish(snapshot, path, text, region, **options)


def request(asked, attempt=0, **more):
    gathered = gather(asked)
    return prompt.build(
        gathered.prepared,
        gathered.instruction,
        path=asked.path,
        language=asked.language,
        attempt=attempt,
        context=gathered.context,
        secrets=gathered.hidden.any,
        small=asked.small,
        **more,
    )


def sent(asked, **more):
    return "\n".join(message.content for message in request(asked, **more).messages)


def names(asked):
    return [(each.path, each.name) for each in gather(asked).context.definitions]


def test_the_definitions_that_a_region_uses_are_found_through_packages_that_pass_them_on(workspace):
    assert names(wish(workspace)) == [
        ("shop/money.py", "Money"),
        ("shop/money.py", "cents"),
        ("shop/rates.py", "TABLE"),
        ("shop/rates.py", "Base"),  # which the class around it is derived from
    ]
    assert names(wish(workspace, name="other")) == [
        ("shop/rates.py", "Base.limit"),
        ("shop/rates.py", "Base"),
    ]


def test_long_definitions_are_handed_over_in_short_and_short_ones_whole(workspace):
    money, cents, table, base = (each.text for each in gather(wish(workspace)).context.definitions)
    assert money == (
        "@dataclasses.dataclass\nclass Money:\n"
        '    """An amount of a currency."""\n'
        '    amount: int\n    currency: str = "EUR"\n'
        '    def plus(self, other: "Money") -> "Money":\n        ...\n'
        "    def tax(self) -> int:\n        ..."
    )
    assert cents == (
        "def cents(\n    text: str,\n    *,\n    strict: bool = False,\n) -> int:\n"
        '    """Read an amount."""\n    ...'
    )
    assert table == "TABLE = {\n    'a': 1,\n    'b': 2,\n}"
    assert base == "class Base:\n    limit = 3"


def test_open_buffers_count_and_not_the_disk(workspace):
    buffers = {"shop/money.py": "class Money: ...\n\n\ndef cents(text): return 1\n"}
    texts = gather(wish(workspace, snapshot=Snapshot(workspace, buffers))).context.definitions
    assert [each.text for each in texts][:2] == ["class Money: ...", "def cents(text): return 1"]


@pytest.mark.parametrize("broken", ["shop/cart.py", "shop/money.py"])
def test_a_file_that_somebody_is_writing_is_no_obstacle(workspace, broken):
    file = workspace / broken
    file.write_text(file.read_text() + "\n\ndef begun(\n")
    assert ("shop/money.py", "Money") in names(wish(workspace))


def test_lines_that_are_no_python_yet_are_taken_apart_as_words(workspace):
    file = workspace / "shop/cart.py"
    file.write_text(file.read_text().replace("for price in prices:", "for price in cents("))
    assert ("shop/money.py", "Money") in names(wish(workspace))


def test_the_nearest_conventions_are_sent_first(workspace):
    assert (
        request(wish(workspace))
        .messages[1]
        .content.startswith(
            "Conventions of the project, from AGENTS.md:\n```\nWrite short functions.\n```\n"
        )
    )
    (workspace / "shop/CLAUDE.md").write_text("Claude's.\n")
    assert gather(wish(workspace)).context.guidance_path == "AGENTS.md"
    (workspace / "shop/AGENTS.md").write_text("Use Money.\n")
    assert gather(wish(workspace)).context.guidance == "Use Money."
    (workspace / "shop/AGENTS.md").unlink()
    (workspace / "AGENTS.md").unlink()
    assert gather(wish(workspace)).context.guidance == "Claude's."


def test_a_workspace_that_is_not_trusted_tells_no_model_what_to_write(workspace):
    assert gather(wish(workspace, snapshot=Snapshot(workspace))).context.guidance == ""


def test_a_failing_test_comes_with_its_source_its_fixtures_and_what_it_said(workspace):
    failing = Finding(
        Gate.TESTS,
        "tests/test_cart.py",
        "assert 1 == 0",
        code="tests/test_cart.py::TestCart::test_total[x]",
        detail="    def test_total\nE   assert 1 == 0",
    )
    (test,) = gather(wish(workspace, resolves=(failing,))).context.tests
    assert test.name == "tests/test_cart.py::TestCart::test_total[x]"
    assert "@pytest.fixture\ndef cart():\n    return Cart()" in test.source
    assert test.source.endswith("        assert cart.total([]).amount == 0")
    assert test.said == "    def test_total\nE   assert 1 == 0"
    text = sent(wish(workspace, resolves=(failing,)))
    assert text.index("The failing test") < text.index("The region to rewrite:")
    lint = Finding(Gate.LINT, "shop/cart.py", "unused", 1, code="F401")
    assert gather(wish(workspace, resolves=(lint,))).context.tests == ()


# -- what is the same, and therefore in a provider's cache ---------------------------------------


def shared(one, other):
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def test_two_regions_of_a_file_share_the_beginning_of_their_prompts(workspace):
    cart = workspace / "shop/cart.py"
    cart.write_text(f'KEY = "{TOKEN}"\n' + cart.read_text())
    money = workspace / "shop/money.py"  # which only the first region uses
    money.write_text(f'OTHER = "{FORMS["a Stripe key"]}"\n' + money.read_text())
    one = request(wish(workspace, instruction="first"))
    other = request(wish(workspace, name="other", instruction="second"))
    assert one.messages[0] == other.messages[0]
    a, b = one.messages[1].content, other.messages[1].content
    same = a[: shared(a, b)]
    assert "Write short functions." in same
    assert "The file, for reading only:" in same
    assert "return Base.limit" in same, "the whole file is in it"
    assert "The region to rewrite:" not in same


def test_candidates_and_repair_rounds_share_all_up_to_the_last_message(workspace):
    asked = wish(workspace)
    first = request(asked)
    assert request(asked, attempt=7).messages == first.messages
    wrong = Finding(Gate.TESTS, "t.py", "boom", 1)
    repaired = request(asked, findings=[wrong], previous="    def total(self):\n        pass\n")
    assert repaired.messages[: len(first.messages)] == first.messages
    assert [message.role for message in repaired.messages[-2:]] == ["assistant", "user"]
    unusable = request(asked, findings=[wrong])
    assert unusable.messages[-1].content.startswith(first.messages[-1].content)


def test_region_and_instruction_come_last(workspace):
    text = request(wish(workspace)).messages[-1].content
    assert text.endswith(
        "        return money\n```\n\nInstruction: do it".replace("        ", "    ")
    )


# -- the budget -----------------------------------------------------------------------------------


def big(workspace, lines=3000):
    file = workspace / "shop/cart.py"
    rest = "".join(f"\n\ndef far{n}(x):\n    return x + {n}\n" for n in range(lines // 4))
    file.write_text(file.read_text() + rest)


@pytest.mark.parametrize("tokens", [200, 1000, 4000, 20000])
def test_no_more_is_sent_than_the_budget(workspace, tokens):
    big(workspace)
    (workspace / "AGENTS.md").write_text("Be brief.\n" * 5000)
    failing = Finding(Gate.TESTS, "t.py", "m", code="tests/test_cart.py::x", detail="E\n" * 50_000)
    asked = wish(workspace, tokens=tokens, resolves=(failing,))
    region = gather(asked).prepared.source
    beside = len(sent(asked)) - len(region) - len(prompt.SYSTEM)
    assert beside <= tokens * 4 * 1.05 + 800, "what the parts are called is not counted"


def test_what_does_not_fit_goes_definitions_first_and_those_used_last_before_others(workspace):
    table = "TABLE = {\n" + "    'a': 'a long line of a table',\n" * 30 + "}\n"
    (workspace / "shop/rates.py").write_text(f"class Base:\n    limit = 3\n\n\n{table}")
    assert [name for _, name in names(wish(workspace))] == ["Money", "cents", "TABLE", "Base"]
    tight = wish(workspace, tokens=400)
    assert [name for _, name in names(tight)] == ["Money", "cents"]
    assert gather(tight).context.whole
    assert gather(tight).context.guidance


def test_of_a_long_file_the_outline_and_the_lines_around_the_region_stay(workspace):
    big(workspace)
    context = gather(wish(workspace, tokens=2000)).context
    assert not context.whole
    assert "class Cart(rates.Base):" in context.file
    assert "def far3(x):" in context.file
    assert "return x + 3" not in context.file
    assert context.before[-1] == "class Cart(rates.Base):"
    assert "    def other(self):" in context.after
    (one,) = {each.text for each in gather(wish(workspace, tokens=20000)).context.definitions} & {
        "class Base:\n    limit = 3"
    }
    assert one


def test_of_a_long_file_its_own_definitions_are_handed_over_as_well(workspace):
    big(workspace)
    file = workspace / "shop/cart.py"
    text = file.read_text().replace("return Base.limit", "return far700(far3(1))")
    file.write_text(text)
    found = [name for _, name in names(wish(workspace, name="other", tokens=4000))]
    assert found[:2] == ["far700", "far3"]


def test_without_a_budget_only_the_nearest_lines_are_sent(workspace):
    text = sent(wish(workspace, tokens=0))
    assert "Before the region, for reading only:" in text
    assert "Write short functions" not in text
    assert "What it uses" not in text


def test_servers_on_this_machine_get_less():
    assert budget(None, "http://127.0.0.1:11434") == LOCAL_TOKENS
    assert budget(None, "https://api.example.com") == TOKENS == budget(None, "embedded")
    assert budget(0, "https://api.example.com") == 0


def test_a_small_model_keeps_its_short_prompt(workspace):
    asked = wish(workspace, small=True)
    messages = request(asked).messages
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert "class Money" not in messages[-1].content


# -- what must not be sent ------------------------------------------------------------------------

KEEPERS = [".gitignore", ".aiignore", ".cursorignore", ".codeiumignore", ".geminiignore"]


@pytest.mark.parametrize("name", KEEPERS)
@pytest.mark.parametrize("kept", ["shop/money.py", "AGENTS.md", "tests/test_cart.py"])
def test_nothing_of_an_ignored_file_is_sent(workspace, name, kept):
    (workspace / name).write_text(f"/{kept}\n")
    failing = Finding(Gate.TESTS, "t", "m", code="tests/test_cart.py::TestCart::test_total")
    text = sent(wish(workspace, resolves=(failing,)))
    marks = {
        "shop/money.py": "currency",
        "AGENTS.md": "Write short",
        "tests/test_cart.py": "fixture",
    }
    assert {path for path, mark in marks.items() if mark not in text} == {kept}


@pytest.mark.parametrize("small", [False, True])
def test_an_edit_of_a_file_that_is_kept_from_models_is_refused(workspace, small):
    (workspace / ".aiignore").write_text("cart.py\n")
    with pytest.raises(ModelError) as refused:
        gather(wish(workspace, small=small))
    assert refused.value.trouble is Trouble.WITHHELD
    assert str(refused.value) == (
        "shop/cart.py is kept from language models by .aiignore, so nothing of it was sent. "
        "Take it out of that file to have it edited."
    )


def test_a_file_that_git_ignores_can_be_edited_when_it_is_asked_for(workspace):
    (workspace / ".gitignore").write_text("cart.py\n")
    assert ("shop/money.py", "Money") in names(wish(workspace))


def test_a_link_leads_to_nothing_outside_and_to_nothing_that_is_ignored(
    workspace, tmp_path_factory
):
    outside = tmp_path_factory.mktemp("outside") / "private.md"
    outside.write_text("outside words\n")
    (workspace / "AGENTS.md").unlink()
    (workspace / "AGENTS.md").symlink_to(outside)
    assert "outside words" not in sent(wish(workspace))
    (workspace / "private.md").write_text("private words\n")
    (workspace / ".aiignore").write_text("private.md\n")
    (workspace / "AGENTS.md").unlink()
    (workspace / "AGENTS.md").symlink_to("private.md")
    assert "private words" not in sent(wish(workspace))
    (workspace / ".aiignore").rename(workspace / ".gitignore")
    assert "private words" not in sent(wish(workspace))
    (workspace / ".gitignore").unlink()
    assert "private words" in sent(wish(workspace))


def test_secrets_are_replaced_in_every_part(workspace):
    """The same one, and one that only another file's line gives away."""
    plain = "Zx81-Spectrum-48k"
    for path in ("AGENTS.md", "shop/cart.py", "shop/money.py", "tests/test_cart.py"):
        file = workspace / path
        file.write_text(f'# "{TOKEN}" {plain}\n' + file.read_text())
    money = workspace / "shop/money.py"
    money.write_text(money.read_text().replace("amount: int", f'password: str = "{plain}"'))
    money.write_text(money.read_text().replace("RATE = 19", f'RATE = """{PRIVATE_KEY}"""'))
    cart = workspace / "shop/cart.py"
    cart.write_text(
        cart.read_text().replace("money = Money(", f'key = "{TOKEN}"; rates.RATE; money = Money(')
    )
    failing = Finding(
        Gate.TESTS,
        "t",
        f"assert {TOKEN}",
        code="tests/test_cart.py::TestCart::test_total",
        detail=f"E  {plain} {TOKEN[:30]}...{TOKEN[-12:]}",
    )
    asked = wish(workspace, resolves=(failing,), instruction=f"take {TOKEN} from the environment")
    told = gather(asked).told([failing])
    text = sent(asked, findings=told, previous=None)
    assert "FESTINA-SECRET-1 and the like stand for secrets" in text
    secrets = (TOKEN, TOKEN[:30], TOKEN[-12:], plain, *PRIVATE_KEY.split("\n")[1:3])
    assert [secret for secret in secrets if secret in text] == []
    assert text.count('FESTINA-SECRET-1"') > 2


def test_an_instruction_with_a_secret_is_refused_with_the_place_named(workspace):
    with pytest.raises(ModelError) as refused:
        gather(wish(workspace, instruction=f"use {TOKEN} here"))
    assert str(refused.value).startswith("The instruction holds what looks like a GitHub token, so")
    assert TOKEN not in str(refused.value)


def test_odd_files_do_no_harm(workspace):
    (workspace / "shop/money.py").write_bytes(b"\xff\xfe\x00class Money: ...")
    (workspace / "shop/rates.py").unlink()
    (workspace / "shop/rates.py").symlink_to("rates.py")
    (workspace / "AGENTS.md").unlink()
    (workspace / "AGENTS.md").mkdir()
    assert names(wish(workspace)) == []
    assert (
        names(
            Wish(
                Snapshot(Path("/nowhere")), "a.py", Text("x = y\n"), enclosing_all(), "i", "python"
            )
        )
        == []
    )


def enclosing_all():
    from festina.edits import Region

    return Region(0, 1)


@pytest.mark.parametrize("tokens", [TOKENS, 700])
def test_an_answer_with_the_whole_file_that_was_shown_comes_to_its_region_alone(workspace, tokens):
    asked = wish(workspace, tokens=tokens)
    prepared = gather(asked).prepared
    whole = asked.text.content.replace("json.dumps(others.TABLE)", "json.dumps(1)")
    made = finish(prepared, f"```python\n{whole}```\n")
    region = asked.text.lines_text(asked.region.start, asked.region.end)
    assert made.text == region.replace("json.dumps(others.TABLE)", "json.dumps(1)")
