"""Which values are secrets: about forty forms, and no ordinary code."""

from pathlib import Path

import pytest

from festina.secret_patterns import _FORMS, find
from support.secret_samples import FORMS, PEM_LINES, PRIVATE_KEY, WITHIN

PACKAGE = Path(__file__).parents[2] / "server" / "festina"


def found(text):
    return [(text[secret.start : secret.end], secret.kind) for secret in find(text)]


@pytest.mark.parametrize(("kind", "secret"), FORMS.items(), ids=FORMS)
def test_a_secret_is_known_by_its_form(kind, secret):
    for around in ("x = f({})", "{}", "# see {}, please", "a\n{}\nb", "é {} İ", '"{}"'):
        ((value, said),) = found(around.format(secret))
        assert (value, said) == (secret, kind)


@pytest.mark.parametrize(("kind", "case"), WITHIN.items(), ids=WITHIN)
def test_a_secret_is_known_by_what_stands_around_it(kind, case):
    around, secret = case
    ((value, said),) = found(around.format(secret))
    assert said == kind
    assert secret in value


@pytest.mark.parametrize(
    "around",
    [
        "const password = `{}`;",
        "private readonly apiKey: string | undefined = '{}';",
        "const tokens: Record<string, string> = `{}`",
        'let clientSecret!: string = "{}"',
        'headers = {{ "x-api-key": `{}` }}',
        "apiKey := `{}`",
        'var apiKey string = "{}"',
        'var password *string = "{}"',
        'secret := []byte("{}")',
        'Credentials{{Password: "{}"}}',
        'let password: &str = "{}";',
        'const API_KEY: &\'static str = r"{}";',
        'static TOKEN: Option<&str> = r#"{}"#;',
        'let secret: Cow<\'a, str> = b"{}";',
    ],
)
def test_a_value_that_its_line_calls_secret_is_one_in_any_language(around):
    ((value, kind),) = found(around.format("tr0ub4dor-and-3"))
    assert (value, kind) == ("tr0ub4dor-and-3", "a password or key")


def test_each_form_has_an_example():
    kinds = {form.kind for form in _FORMS}
    assert kinds - set(FORMS) - set(WITHIN) == set()
    assert len(_FORMS) > 30


def test_a_private_key_is_found_line_by_line():
    assert [value for value, _ in found(PRIVATE_KEY)] == PEM_LINES
    escaped = 'key = "' + PRIVATE_KEY.replace("\n", "\\n") + '"'
    assert [value for value, _ in found(escaped)] == PEM_LINES
    cut_off = PRIVATE_KEY[: PRIVATE_KEY.index("-----END")]
    assert [value for value, _ in found(cut_off)] == PEM_LINES
    public = PRIVATE_KEY.replace("PRIVATE KEY", "PUBLIC KEY")
    assert found(public) == []


@pytest.mark.parametrize(
    "line",
    [
        'password = "changeme"',
        'password = os.environ["DATABASE_PASSWORD_2024"]',
        'token = "{}"',
        "token = next_token_of_line_12(reader)",
        "secret_name = some_long_name_with_2_numbers_in_it",
        'PASSWORD_HASHER = "django.contrib.auth.hashers.Argon2PasswordHasher".lower()',
        'token_url = "https://example.com/v2/token"',
        'api_key_env = "CEREBRAS_API_KEY"',
        'url = "postgres://user:password@localhost/db"',
        'url = f"postgres://{user}:{password}@{host}/db"',
        'url = "http://localhost:8000/a@b"',
        "from sk_learn_something import sk_test",
        "task-scheduler-for-everything-that-runs-at-night",
        "hf_hub_download(repo_id)",
        "AKIA",
        "class TokenBucket2: ...",
        "const token = `${prefix}-${count2}`;",
        "let token: Token = parser.next_token2();",
        'func (t *Token) String() string { return "token-of-type-2" }',
        "password: z.string().min(8),",
        "type Secret<T> = Map<string, Token2>;",
        'if token.kind == TokenKind::Ident2 && name == "identifier2" {',
    ],
)
def test_ordinary_code_holds_no_secret(line):
    assert found(line) == []


def test_our_own_source_holds_no_secret():
    for path in PACKAGE.rglob("*.py"):
        assert [kind for _, kind in found(path.read_text("utf-8"))] == [], path
