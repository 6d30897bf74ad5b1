"""verify.md with the plugin `clients/neovim`: attached by itself, and approved in place."""

import pytest

from support.bench import PROJECT, bench
from support.neovim_plugin import run

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]

MORE = """\
=== verify.md
- [x] `grep -q def mod.py`
=== README.md
Words.
=== docs/verify.md
- [x] `false`
"""


@pytest.mark.parametrize(
    "version",
    ["0.11", *(pytest.param(other, marks=pytest.mark.slow) for other in ("0.10", "0.12"))],
)
def test_a_command_is_approved_where_it_is_written(tmp_path, version):
    with bench(tmp_path, project=PROJECT + MORE) as made:
        made.released.set()
        run(made, version, "verify.lua", file="verify.md")
        assert made.fake.requests == []
