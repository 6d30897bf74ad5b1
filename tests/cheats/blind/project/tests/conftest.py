import json
from pathlib import Path

import pytest

from shop import calc


@pytest.fixture
def orders():
    return json.loads((Path(__file__).parent / "orders.json").read_text())


@pytest.fixture
def receipt(tmp_path):
    file = tmp_path / "receipt.txt"
    file.write_text("\n".join(calc.label(share) for share in calc.split(1000, [5, 3, 2])))
    return file
