"""Secrets are replaced in all that is sent, and come back byte for byte where nothing changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festina.change import Change, change
from festina.edits import Defect, DefectCode, Region, prepare
from festina.masking import Hidden, Masking, without_secrets
from festina.text import Text
from support.secret_samples import FORMS, PEM_LINES, PRIVATE_KEY, WITHIN

TOKEN = FORMS["a GitHub token"]
OTHER = FORMS["a Stripe key"]
SECRETS = [*FORMS.values(), PRIVATE_KEY, *(a.format(b) for a, b in WITHIN.values())]

LINES = st.sampled_from(
    [
        "x = 1",
        f'KEY = "{TOKEN}"',
        f"    use('{OTHER}')  # twice: {OTHER}",
        'password: str = "p4ss-W0rd-x9"',
        "see FESTINA-SECRET-1",
        "",
        "\tdeep",
        *PRIVATE_KEY.split("\n"),
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
TEXTS = st.lists(st.tuples(LINES, ENDS)).map(lambda pairs: "".join(a + b for a, b in pairs))


def asked(content, region=None):
    """Return what a model is given of a document, and what puts its answer into it."""
    text, masking = Text(content), Masking()
    region = region or Region(0, len(text.lines))
    masked = prepare(Text(masking.mask(content)), region, language="text")
    own = prepare(text, region, language="text")
    hidden = Hidden.of(masked.lines, own.lines, masking)

    def answer(lines):
        return change(masked, "\n".join(lines) + "\n", text, region, "a.txt", hidden)

    return masked, answer, hidden


def test_what_is_replaced_has_the_same_lines_and_no_secret():
    masking = Masking()
    text = f'a = "{TOKEN}"\r\nb = "{OTHER}"\nc = "{TOKEN}"\n{PRIVATE_KEY}'
    masked = masking.mask(text)
    assert masked.startswith(
        'a = "FESTINA-SECRET-1"\r\nb = "FESTINA-SECRET-2"\nc = "FESTINA-SECRET-1"'
    )
    assert not any(secret in masked for secret in (TOKEN, OTHER, *PEM_LINES))
    assert masked.count("\n") == text.count("\n")
    assert masking.mask(text) == masked


def test_a_secret_that_was_seen_once_is_known_anywhere():
    masking = Masking()
    masking.learn('API_TOKEN = "zx81-Spectrum-48k"')
    assert masking.mask("assert 'zx81-Spectrum-48k' == x") == "assert 'FESTINA-SECRET-1' == x"


def test_a_part_that_a_test_cut_off_is_known_too():
    masking = Masking()
    masking.learn(f'k = "{TOKEN}"')
    said = masking.shorten(f"E  assert '{TOKEN[:20]}...{TOKEN[-14:]}' == 'x'")
    assert said == "E  assert 'FESTINA-SECRET-1...FESTINA-SECRET-1' == 'x'"


def test_an_instruction_with_a_secret_of_its_own_is_told():
    masking = Masking()
    masking.learn(f'k = "{TOKEN}"')
    assert masking.holds(f"take {TOKEN} from the environment") == ""
    assert masking.holds(f"write {OTHER}") == "a Stripe key"
    assert masking.holds("leave FESTINA-SECRET-1 alone") == ""
    assert TOKEN not in masking.mask(f"take {TOKEN} from the environment")


@pytest.mark.parametrize("secret", SECRETS)
def test_the_last_look_takes_every_secret_out(secret):
    text = f"before\n{secret}\nafter"
    clean = without_secrets(text)
    assert "SECRET-NOT-SENT" in clean
    assert secret not in clean
    assert without_secrets(clean) == clean


@given(TEXTS)
def test_placeholders_are_no_secrets_themselves_and_pass_the_last_look(content):
    text = content + 'DB_PASSWORD = "tr0ub4dor-and-3"\n'
    masked = Masking().mask(text)
    assert without_secrets(masked) == masked
    assert "tr0ub4dor-and-3" not in masked


@given(TEXTS)
def test_all_that_is_untouched_comes_back_byte_for_byte(content):
    """A line is added at the end; every other line, secrets and line ends included, stays."""
    text = Text(content if content.strip() else "x\n")
    masked, answer, _ = asked(text.content)
    lines = masked.lines
    last = max((n for n, line in enumerate(lines) if line.strip()), default=0) + 1
    made = answer([*lines[:last], "added = 1"])
    assert isinstance(made, Change)
    new = [line for line in made.new.lines if "added = 1" not in line]
    assert "".join(new[:last]) in (text.lines_text(0, last), text.lines_text(0, last) + "\n")


@given(TEXTS, st.integers(0, 40), st.sampled_from(["FESTINA-SECRET-1", "festina_secret_2 = 1"]))
def test_no_placeholder_and_no_secret_gets_to_another_place(content, at, word):
    text = Text(content + f'k = "{TOKEN}"\n')
    masked, answer, _ = asked(text.content)
    lines = masked.lines
    made = answer([*lines[: at % len(lines)], f"new {word}", *lines[at % len(lines) :]])
    assert isinstance(made, Defect)
    assert made.code is DefectCode.SECRET
    assert TOKEN not in made.message


def test_a_line_that_only_moves_in_keeps_its_secret():
    _, answer, _ = asked(f'k = "{TOKEN}"\nuse(k)\n')
    made = answer(["if on:", '    k = "FESTINA-SECRET-1"', "    use(k)"])
    assert made.new.content == f'if on:\n    k = "{TOKEN}"\n    use(k)\n'


def test_a_line_with_a_secret_can_be_left_out():
    _, answer, _ = asked(f'k = "{TOKEN}"\nuse(k)\n')
    made = answer(['use(os.environ["K"])'])
    assert made.new.content == 'use(os.environ["K"])\n'


def test_a_changed_line_with_a_secret_makes_the_answer_one_of_no_use():
    _, answer, _ = asked(f'k = "{TOKEN}"\nuse(k)\n')
    made = answer(['key = "FESTINA-SECRET-1"', "use(key)"])
    assert made.code is DefectCode.SECRET
    assert made.message.startswith("Line 1 of the answer is new or changed and stands for a secret")


def test_a_placeholder_that_stands_in_the_text_itself_is_kept_apart():
    content = f'a = "FESTINA-SECRET-2"\nb = "{TOKEN}"\n'
    masked, answer, _ = asked(content)
    assert masked.source == 'a = "FESTINA-SECRET-1"\nb = "FESTINA-SECRET-2"\n'
    made = answer([*masked.lines, "c = 1"])
    assert made.new.content == content + "c = 1\n"


def test_what_is_shown_while_it_streams_has_its_secrets_where_they_were():
    _, _, hidden = asked(f'k = "{TOKEN}"\n')
    assert (
        hidden.show('k = "FESTINA-SECRET-1"\nx = FESTINA-SEC') == f'k = "{TOKEN}"\nx = FESTINA-SEC'
    )
    assert hidden.show('z = "FESTINA-SECRET-1"\n') == 'z = "FESTINA-SECRET-1"\n'
