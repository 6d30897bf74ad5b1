from dataclasses import replace

import pytest

from festina import settings_files
from festina.config import KEYS, Layer, Settings, load
from festina.gate_browser import Browser
from festina.gate_commands import Command


def one(data, *, user=True):
    return load([Layer("festina.toml", data, user=user)])


def test_nothing_configured_gives_the_defaults():
    assert load([]) == (Settings(), ())


def test_later_layers_win_key_by_key():
    settings, problems = load(
        [
            Layer("user", {"variations": 4, "verify": {"timeout_seconds": 5}}, user=True),
            Layer("workspace", {"variations": 8}, user=False),
        ]
    )
    assert problems == ()
    assert settings.variations == 8
    assert settings.verify.timeout_seconds == 5


def test_dotted_and_nested_keys_are_the_same():
    dotted, _ = one({"verify": {"tests.scope": "full"}})
    nested, _ = one({"verify": {"tests": {"scope": "full"}}})
    assert dotted == nested
    assert dotted.verify.tests_scope == "full"


def test_a_model_is_described():
    data = {"models": {"fast": {"base_url": "https://api.example.com/v1/", "model": "m"}}}
    settings, problems = one(data)
    assert problems == ()
    assert settings.fast is not None
    assert settings.fast.base_url == "https://api.example.com/v1"
    assert settings.slow is None


@pytest.mark.parametrize(
    "data",
    [
        {"models": {"fast": {"base_url": "https://evil.example"}}},
        {"models": {"fast": {"api_key_command": ["curl", "evil.example"]}}},
        {"models": {"slow": {"api_key_env": "AWS_SECRET_ACCESS_KEY"}}},
        {"verify": {"sandbox": "off"}},
    ],
)
def test_a_workspace_can_name_no_endpoint_no_key_and_no_sandbox(data):
    settings, problems = one(data, user=False)
    assert settings == Settings()
    assert "never from a workspace" in str(problems[0])
    assert one(data)[1] == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"variations": 0}, "whole number from 1 to 75"),
        ({"variations": True}, "whole number"),
        ({"variations": "4"}, "whole number"),
        ({"verify": {"gates": ["syntax", "spelling"]}}, '"syntax", "lint", "format"'),
        ({"verify": {"tests": {"scope": "some"}}}, '"auto", "impacted", "full"'),
        ({"verify": {"timeout_seconds": -1}}, "from 1 to 86400"),
        ({"verify": 3}, "must be a table"),
        ({"verify": {"tmeout_seconds": 3}}, "did you mean `verify.timeout_seconds`"),
        ({"nonsense": 1}, "no such setting"),
        ({"nonsense": {}}, "no such setting"),
        ({"verify": {"commands": [{"name": "eslint"}]}}, "in entry 1, `run` is missing"),
        ({"verify": {"commands": {"name": "a", "run": ["a"]}}}, "a list of tables with"),
        ({"verify": {"commands": [{"name": "a", "run": "npx a"}]}}, '["npx", "a"]'),
        ({"verify": {"commands": [{"name": "a", "run": []}]}}, "in entry 1, `run` must be a list"),
        ({"verify": {"commands": [{"name": " ", "run": ["a"]}]}}, "1 to 60 characters"),
        ({"verify": {"commands": [{"name": "a", "run": ["a"], "wen": "*"}]}}, "there is no 'wen'"),
        (
            {"verify": {"commands": [{"name": "a", "run": ["a"], "when": 3}]}},
            "`when` must be a glob",
        ),
        (
            {"verify": {"commands": [{"name": "a", "run": ["a"], "matcher": "clang"}]}},
            "`matcher` must be one of",
        ),
        ({"verify": {"commands": [{"name": "a", "run": ["a"]}] * 2}}, "two commands of the name"),
        ({"verify": {"browser": {"pages": ["a.html"]}}}, "needs either `folder`"),
        ({"verify": {"browser": {"folder": "a", "run": ["b"]}}}, "needs either `folder`"),
        ({"verify": {"browser": {"folder": "../a"}}}, "`folder` must be a folder of the workspace"),
        ({"verify": {"brwser": "site"}}, "did you mean `verify.browser`"),
        ({"verify": {"browser": {"folder": ".", "run": "npm start"}}}, '["npm", "start"]'),
        ({"verify": {"browser": {"folder": ".", "pages": "a"}}}, "`pages` must be a list"),
        ({"verify": {"browser": {"folder": ".", "pages": ["http://a.example"]}}}, "50 paths"),
        ({"verify": {"browser": {"folder": ".", "widths": [3]}}}, "numbers from 200 to 4000"),
        ({"verify": {"browser": {"folder": ".", "checks": ["all"]}}}, '"links", "accessibility"'),
        ({"verify": {"browser": {"folder": ".", "port": 3}}}, "there is no 'port'; the keys are"),
        ({"verify": {"browser": "site"}}, "must be a table"),
        ({"verify": {"python": ["python"]}}, "must be a string"),
        ({"verify": {"tests": {"args": "-x"}}}, "list of strings"),
        ({"verify": {"tests": {"confirm_seconds": float("nan")}}}, "from 0 to 3600"),
        ({"trusted": True}, "festina trust"),
        ({"models": {"fast": {"extra_body": 3}}}, "must be a table"),
        ({"models": {"fast": {"api_key": "sk-secret"}}}, "did you mean `models.fast.api_key_env`"),
        ({"models": {"fast": {"base_url": "api.example.com"}}}, "https://"),
        ({"models": {"fast": {"base_url": "https://"}}}, "then a host"),
        ({"models": {"fast": {"base_url": "http:///v1"}}}, "then a host"),
        ({"models": {"fast": {"base_url": "https://a.example:port/v1"}}}, "then a host"),
        ({"models": {"fast": {"base_url": "https://a.example /v1"}}}, "no blanks"),
        ({"models": {"fast": {"base_url": "http://[::1/v1"}}}, "then a host"),
        ({"models": {"fast": {"dialect": "telepathy"}}}, '"chat"'),
        ({"verify": {"gates": []}}, '"syntax", "lint", "format"'),
        ({"verify": {"gates": "lint"}}, "list of strings"),
        ({"verify": {"sandbox": "none"}}, '"auto", "off"'),
        ({"verify": {"memory_mib": 1.5}}, "whole number from 128 to 1048576"),
        ({"variations": 76}, "whole number from 1 to 75"),
        ({"models": {"fast": {"temperature": 1}}}, "extra_body"),
        ({"models": {"fast": {"total_seconds": True}}}, "a number from 1 to 86400"),
        ({"models": {"fast": {"inter_token_seconds": 0.01}}}, "from 0.1 to 3600"),
        ({"models": {"fast": "gpt"}}, "must be a table"),
        ({"apply_unverified": "no"}, "true or false"),
    ],
)
def test_an_invalid_value_is_told_and_the_default_used(data, words):
    settings, problems = one(data)
    assert replace(settings, fast=None) == Settings()
    assert len(problems) == 1
    assert words in str(problems[0])
    key = str(problems[0]).removeprefix("festina.toml: ").partition(": ")[0]
    assert key in _dotted(data), "the file and the key are named"


def _dotted(data, prefix=""):
    """Every key of a table and of the tables in it."""
    for name, value in data.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{name}.")


@pytest.mark.parametrize(
    "data",
    [
        {"models": {"fast": {"base_url": "localhost:11434/v1"}}},
        {"models": {"fast": {"base_url": 8080}}},
        {"models": {"fast": {"dialect": "embeded"}}},
        {"models": {"fast": {"baseurl": "http://localhost:11434/v1"}}},
        {"model": {"fast": {"base_url": "http://localhost:11434/v1"}}},
        {"models": {"fast": "groq"}},
        {"models": "groq"},
    ],
)
def test_an_address_that_is_not_understood_leaves_no_other_one_in_its_place(data):
    settings, problems = one(data)
    assert settings.fast is not None
    assert settings.fast.mistake == str(problems[0])
    # what does not say where code goes is no such mistake, and a workspace can make none
    assert one(data, user=False)[0] == Settings()
    harmless, _ = one({"models": {"fast": {"temperatur": 0.1}}, "variatons": 3})
    assert harmless == Settings()


def test_a_later_address_heals_an_earlier_mistake():
    wrong = Layer("user", {"models": {"fast": {"base_url": "x"}}}, user=True)
    right = Layer("editor", {"models": {"fast": {"base_url": "https://b.example"}}}, user=True)
    fast = load([wrong, right])[0].fast
    assert fast is not None
    assert (fast.base_url, fast.mistake) == ("https://b.example", "")
    fast = load([right, wrong])[0].fast
    assert fast is not None
    assert "user: models.fast.base_url" in fast.mistake


def test_an_invalid_value_leaves_an_earlier_valid_one_in_force():
    settings, problems = load(
        [Layer("user", {"variations": 4}, user=True), Layer("w", {"variations": 99}, user=False)]
    )
    assert settings.variations == 4
    assert len(problems) == 1


def test_commands_of_a_workspace():
    run = ["npx", "eslint", "{file}"]
    table = {"name": "eslint", "run": run, "when": "**/*.js", "timeout_seconds": 5}
    settings, problems = one({"verify": {"commands": [table]}}, user=False)
    assert problems == ()
    (command,) = settings.verify.commands
    assert command == Command("eslint", tuple(run), ("**/*.js",), 5.0, "auto")
    assert "command" in settings.verify.gates
    chosen, _ = one({"verify": {"commands": [table], "gates": ["lint"]}})
    assert chosen.verify.gates == ("lint",)


def test_pages_of_a_workspace():
    table = {"folder": "./site/", "pages": ["a.html", "/b.html", "a.html"], "widths": [1024, 320]}
    settings, problems = one({"verify": {"browser": table}}, user=False)
    assert problems == ()
    browser = settings.verify.browser
    assert browser == Browser("site", (), ("/a.html", "/b.html"), widths=(320, 1024))
    assert "browser" in settings.verify.gates
    assert one({"verify": {"browser": {"folder": "."}}})[0].verify.browser == Browser(".")
    served, _ = one({"verify": {"browser": {"run": ["npm", "start"], "checks": ["layout"]}}})
    when = served.verify.browser.when  # templates as well: see test_browser_parts.py
    assert served.verify.browser == Browser(run=("npm", "start"), checks=("layout",), when=when)
    later = Layer("editor", {"verify": {"browser": {}}}, user=True)
    own = Layer("w", {"verify": {"browser": table}}, user=False)
    assert load([own, later])[0].verify.browser is None


def test_gates_keep_their_order():
    assert one({"verify": {"gates": ["tests", "syntax"]}})[0].verify.gates == ("syntax", "tests")


def test_another_address_does_not_inherit_the_key_of_the_old_one():
    first = {"base_url": "https://a.example", "api_key_env": "A_KEY", "max_retries": 5}
    layers = [
        Layer("user", {"models": {"fast": first}}, user=True),
        Layer("editor", {"models": {"fast": {"base_url": "https://b.example"}}}, user=True),
    ]
    fast = load(layers)[0].fast
    assert (fast.base_url, fast.api_key_env, fast.max_retries) == ("https://b.example", "", 5)
    layers[1] = Layer("editor", {"models": {"fast": {"model": "m"}}}, user=True)
    assert load(layers)[0].fast.api_key_env == "A_KEY"


SAMPLES = {
    "accelerators": "off",
    "commands": [{"name": "a", "run": ["a"]}],
    "dialect": "chat",
    "base_url": "https://x.example",
    "api_key_command": ["pass", "x"],
    "first_content_seconds": 1,
    "inter_token_seconds": 1,
    "total_seconds": 1,
    "wait_seconds": 1,
    **dict.fromkeys(("requests_per_minute", "tokens_per_minute", "parallel_requests"), 1),
    "max_retries": 1,
    "at_most": 1,
    "leave_alone": ["*.pyi"],
    "extra_body": {"top_k": 1},
    **dict.fromkeys(("prompt_price", "cached_price", "completion_price"), 1),
    **dict.fromkeys(("tokens_per_day", "tokens_per_proposal"), 1),
    **dict.fromkeys(("cost_per_day", "cost_per_proposal"), 1),
    "gates": ["tests"],
    "browser": {"folder": "site"},
    "scope": "full",
    "confirm_seconds": 1,
    "args": ["-x"],
    "on_save": "lint",
    "timeout_seconds": 1,
    "memory_mib": 256,
    "parallel": 3,
    "sandbox": "off",
    "network": "local",
    "sockets": ["/run/x.sock"],
    "rounds": 1,
    "tokens": 500,
    "candidates": 3,
    "variations": 3,
    "pending": 2,
    "apply_unverified": False,
    "presets": ["shorten"],
}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_changes_something(key):
    settings, problems = one({key: SAMPLES.get(key.rpartition(".")[2], "text")})
    assert problems == ()
    assert settings != Settings()


# -- files ----------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path):
    config = tmp_path / "user.toml"
    workspace = tmp_path / "w"
    workspace.mkdir()
    return config, workspace, {"FESTINA_CONFIG": str(config)}


def test_all_files_are_read_in_their_order(home):
    config, workspace, environ = home
    config.write_text('variations = 2\n[models.fast]\nmodel = "m"\n')
    (workspace / "pyproject.toml").write_text("[tool.festina]\nvariations = 3\n[tool.other]\n")
    settings, problems = settings_files.load(workspace, environ=environ)
    assert problems == ()
    assert (settings.variations, settings.fast.model) == (3, "m")
    (workspace / "festina.toml").write_text("variations = 4\n")
    assert settings_files.load(workspace, environ=environ)[0].variations == 4
    more = {"workspace_editor": {"variations": 5}, "environ": environ}
    assert settings_files.load(workspace, **more)[0].variations == 5
    more["editor"] = {"variations": 6}
    assert settings_files.load(workspace, **more)[0].variations == 6
    more["command_line"] = {"variations": 7}
    assert settings_files.load(workspace, **more)[0].variations == 7


def test_a_broken_file_is_one_problem_and_the_others_count(home):
    config, workspace, environ = home
    config.write_text("variations = 2\n")
    (workspace / "festina.toml").write_text("variations = = 3\n")
    settings, problems = settings_files.load(workspace, environ=environ)
    assert settings.variations == 2
    assert "not valid TOML" in str(problems[0])
    assert str(workspace / "festina.toml") in str(problems[0])


def test_a_file_that_cannot_be_read_is_told(home):
    config, workspace, environ = home
    config.mkdir()
    settings, problems = settings_files.load(workspace, environ=environ)
    assert "cannot be read" in str(problems[0])
    assert settings.fast.mistake == str(problems[0])


def test_a_missing_file_that_the_environment_names_is_told(home):
    config, workspace, environ = home
    settings, problems = settings_files.load(workspace, environ=environ)
    assert [str(problem) for problem in problems] == [
        f"{config}: is named by FESTINA_CONFIG and does not exist; correct or unset the variable"
    ]
    assert settings.fast.mistake == str(problems[0])


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"[models.fast\n", "not valid TOML"), (b'x = "\xe9"\n', "byte 5 is not UTF-8")],
)
def test_a_broken_file_of_the_user_leaves_open_which_model_is_meant(home, content, words):
    config, workspace, environ = home
    config.write_bytes(content)
    settings, problems = settings_files.load(workspace, environ=environ)
    assert words in settings.fast.mistake == str(problems[0])


@pytest.mark.parametrize("content", ["tool = 3", "[tool]\nfestina = 3"])
def test_a_table_that_is_none_is_told(home, content):
    config, workspace, environ = home
    config.touch()
    (workspace / "pyproject.toml").write_text(content)
    settings, problems = settings_files.load(workspace, environ=environ)
    assert settings == Settings()
    told = ["must be a table"] if "festina" in content else []  # `tool` is not ours to judge
    assert [problem.message for problem in problems] == told


def test_no_files_no_problems(home):
    config, workspace, environ = home
    config.touch()
    assert settings_files.load(workspace, environ=environ) == (Settings(), ())
    assert settings_files.load(None, environ=environ) == (Settings(), ())


def test_settings_that_an_editor_answers_for_a_workspace_are_the_workspaces(home):
    config, workspace, environ = home
    config.touch()
    data = {"models": {"fast": {"base_url": "https://evil.example"}}}
    settings, problems = settings_files.load(workspace, workspace_editor=data, environ=environ)
    assert settings.fast is None
    assert len(problems) == 1
    settings, problems = settings_files.load(workspace, editor=data, environ=environ)
    assert settings.fast is not None
    assert problems == ()


def test_a_home_that_nobody_has_is_a_file_that_is_not_there():
    _, problems = settings_files.load(None, environ={"FESTINA_CONFIG": "~no-such-user/festina"})
    assert [str(problem) for problem in problems] == [
        "~no-such-user/festina: is named by FESTINA_CONFIG and does not exist; "
        "correct or unset the variable"
    ]
