"""``festina/model``: an editor shows which model would be asked, before one is."""

from support import desk
from support.fake_model import FakeModel
from support.presets import VSCODE_PLUGIN, Preset

WITH_MODEL = Preset("vscode-model", "visual-studio-code", proposals=True, model=True)


async def test_the_model_is_told_before_the_first_edit(start, workspace, tmp_path):
    desk.put_project(workspace)
    with FakeModel("unused", models=("small-coder",)) as fake:
        environment = desk.config(tmp_path, fake)
        file = tmp_path / "user-config.toml"
        file.write_text(file.read_text().replace(f'model = "{fake.model}"\n', ""))
        editor = await start(WITH_MODEL, env=environment)
        models = editor.client.models
        await editor.until(lambda: models, "the model is told of")
        assert (models[0]["model"], models[0]["origin"]) == ("small-coder", fake.origin)
        assert fake.requests == [], "nothing is asked of it"
        await editor.open(desk.MODULE)
        assert len(models) == 1, "and it is told once"


async def test_an_editor_that_does_not_show_it_hears_nothing(start, workspace, tmp_path):
    desk.put_project(workspace)
    with FakeModel("unused") as fake:
        editor = await start(VSCODE_PLUGIN, env=desk.config(tmp_path, fake))
        await editor.open(desk.MODULE)
        await editor.execute("festina.verify", {"uri": "file:///none.py"})
        assert editor.client.models == []
        assert fake.heads == [], "and nobody is called on"
