"""Answers to one small region: what is sent, what may come back."""

from festina.edits import Defect, Parsed, Prepared, Region, finish, prepare
from festina.text import Text

DOCUMENT = (
    "import math\n\n\nclass Box:\n    def area(self, width, height):\n"
    "        result = width * height\n        return result\n\n    def other(self):\n"
    "        return 1\n"
)
REGION = Region(4, 7)
SOURCE = "def area(self, width, height):\n    result = width * height\n    return result\n"
WANTED = "def area(self, width, height):\n    return width * height\n"
OLD = "".join(f"    {line}\n" for line in SOURCE.splitlines())
INDENTED = "    def area(self, width, height):\n        return width * height\n"


def prepared(document: str = DOCUMENT, region: Region = REGION) -> Prepared:
    return prepare(Text(document), region)


def parsed(answer: str, document: str = DOCUMENT, region: Region = REGION) -> Parsed:
    result = finish(prepared(document, region), answer)
    assert isinstance(result, Parsed), result
    return result


def defect(answer: str, document: str = DOCUMENT, region: Region = REGION) -> str:
    result = finish(prepared(document, region), answer)
    assert isinstance(result, Defect), result
    assert result.message.endswith(".")
    return str(result.code)
