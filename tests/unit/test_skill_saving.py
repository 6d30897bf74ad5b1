"""Saving a skill, where that is of no use: it is told before anything is asked."""

from festina import skill_saving
from festina.models.base import ModelError, Trouble
from festina.models.ready import Ready
from support.fakes import ScriptedModel


async def made(fast):
    # neither the slow model nor a verifier is there to be asked
    return await skill_saving.make(None, None, fast, None, lambda _: None)


async def test_no_skill_is_written_for_a_model_that_could_not_follow_it():
    released = []

    async def embedded():
        model = ScriptedModel([])
        return Ready(model, None, small=True, release=lambda: released.append(1))

    saved = await made(embedded)
    assert saved.error is not None
    assert saved.error.trouble is Trouble.WITHHELD
    assert str(saved.error).startswith("The model that would follow the skill is an embedded one")
    assert (saved.skill, saved.calls, released) == (None, [], [1])


async def test_nor_where_there_is_no_such_model():
    async def none():
        raise ModelError(Trouble.NO_MODEL, "There is no model.")

    assert str((await made(none)).error) == "There is no model."
