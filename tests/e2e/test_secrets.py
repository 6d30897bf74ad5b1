"""Planted keys and source are looked for in all that the server says and leaves behind."""

from pathlib import Path

import pytest

from support import desk, fake_replies
from support.fake_model import FakeModel
from support.fake_replies import data
from support.presets import VSCODE_PLUGIN

KEY = "sk-planted-0123456789abcdefghij"
SOURCE = "planted_name_in_the_source"
WISH = "planted words of the instruction"
PLANTED = (KEY, SOURCE, WISH)


def whole(body: str) -> str:
    return f"```python\n{desk.SIGNATURE}    {SOURCE} = '-'\n{body}```\n"


ANSWERS = {
    "good": whole(f"    return word.replace('_', {SOURCE})\n"),
    "wrong": whole(f"    return word.replace('-', {SOURCE})\n"),
    "no code": f"I will not touch {SOURCE}, {WISH}.",
    "no syntax": whole("    return (\n"),
    "quotes": fake_replies.status(
        500, {"error": {"message": f"{KEY} sent {SOURCE} = '-': {WISH}", "code": KEY}}
    ),
    "forbids": fake_replies.status(403, {"error": {"message": f"{KEY}: {SOURCE} {WISH}"}}),
    "broken": fake_replies.stream(data(f'{{"broken": "{KEY} {SOURCE} {WISH}"'), data("[DONE]")),
    "resets": fake_replies.stream(
        data(fake_replies.chunk(f"```python\n{SOURCE}")), fake_replies.Reset()
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_nothing_planted_is_logged_and_no_key_is_shown_or_kept(
    start, workspace, tmp_path, answer
):
    desk.put_project(workspace)
    with FakeModel(ANSWERS[answer], key=KEY) as fake:
        environment = desk.config(tmp_path, fake)
        config = Path(environment["FESTINA_CONFIG"])
        ours = '[models.fast]\nmax_retries = 0\napi_key_env = "PLANTED_KEY"'
        config.write_text(config.read_text().replace("[models.fast]", ours))
        editor = await start(VSCODE_PLUGIN, env={**environment, "PLANTED_KEY": KEY})
        buffer = await editor.open(desk.MODULE)
        body = f"    {SOURCE} = '-'\n    return word.replace('_', {SOURCE})\n"
        editor.set_text(buffer, buffer.text.replace(desk.OLD, body))
        argument = {
            "uri": buffer.uri,
            "range": {
                "start": {"line": desk.FIRST, "character": 0},
                "end": {"line": desk.FIRST + desk.LENGTH + 1, "character": 0},
            },
            "instruction": WISH,
        }
        proposal = (await editor.execute("festina.propose", argument))["proposal"]
        over = {"ready", "rejected", "unverified", "failed"}
        await editor.until(lambda: (editor.proposal(proposal) or {}).get("state") in over)
        assert SOURCE in str(fake.requests)  # it was sent, with the key
        await editor.close()
    said = await editor.client.last_words()
    assert [each for each in PLANTED if each in said] == []
    assert KEY not in str(editor.messages) + str(editor.proposals)
    logged = str(editor.client.log_messages)
    assert " model " in logged, "each call"
    assert [each for each in PLANTED if each in logged] == []
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []
