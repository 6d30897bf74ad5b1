"""The embedded model: mistakes in words, and the real weights behind a key."""

import os
import urllib.error
import urllib.request

import pytest

from festina.models import embedded, weights
from festina.models.base import Message, ModelError, Request
from festina.models.runner import Runner


@pytest.mark.parametrize(
    ("name", "words"),
    [("no-such-model", "festina model list"), ("/nowhere/at-all.gguf", "There is no file")],
)
async def test_a_model_that_is_not_there_is_named_in_a_sentence(name, words):
    with pytest.raises(ModelError, match=words):
        await weights.ensure(name)


async def test_any_gguf_file_can_be_named_by_its_path(tmp_path):
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF")
    assert await weights.ensure(str(file)) == file


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_the_default_weights_answer_behind_a_key_and_end_with_us():
    model = await embedded.start(slots=1, context=512)
    runner = Runner()
    try:
        for path in ("/slots", "/v1/models", "/props"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(model.base_url.removesuffix("/v1") + path)
            assert refused.value.code in {401, 403, 404, 501}
            refused.value.close()
        request = Request((Message("user", "Say yes."),), max_tokens=256, temperature=0.0)
        answer = await runner.complete(model, request)
        assert answer.text.strip()
        pid = model.pid
    finally:
        await runner.run(model.aclose())
        await runner.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
