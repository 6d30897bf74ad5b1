"""Where nothing is selected, the definition around the cursor is meant: in other languages, too."""

import sys

import pytest

from festina.context import enclosing
from festina.context.trees import grammars
from festina.text import Text

SCRIPT = """\
import { x } from "./x";

/**
 * Adds.
 */
export async function add(a: number) {
  return a;
}

export const later = async (a: number) => {
  const inner = (b: number) => {
    return b;
  };
  return inner(a);
};

@injectable()
export class Cart extends Base {
  items: Item[] = [];

  // Sums up.
  @memo
  sum(): number {
    return this.items.reduce(
      (a, b) => a + b.price,
      0,
    );
  }

  handle = (event: Event) => {
    this.items = [];
  };
}

interface Item {
  price: number;
}

describe("cart", () => {
  const cart = new Cart();

  it("sums up", async () => {
    expect(cart.sum()).toBe(0);
  });
});

export default function () {
  return 1;
}

const plain = {
  go: function () {
    return 2;
  },
};
"""

GO = """\
package shop

// Cart holds items.
type Cart struct {
	Items []Item
}

// Total sums up.
func (c *Cart) Total() int {
	f := func(i int) int {
		return i
	}
	return f(1)
}

func TestTotal(t *testing.T) {
	setup()
	t.Run("empty", func(t *testing.T) {
		check(t)
	})
}

type (
	// A is one.
	A struct {
		x int
	}
	B int
)

var x = 1
"""

RUST = """\
use std::fmt;

/// A cart.
#[derive(Debug)]
pub struct Cart {
    items: Vec<u8>,
}

impl fmt::Display for Cart {
    /// Shows.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let show = |x: u8| {
            x
        };
        Ok(())
    }

    const A: u8 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows() {
        assert!(true);
    }
}
"""


def found(text, part, language, path=""):
    """Return the name, the first and the last line of what is around the only line with a part."""
    (line,) = [n for n, own in enumerate(text.split("\n")) if part in own]
    came = enclosing(Text(text), line, language, path)
    if came is None:
        return None
    region, name = came
    lines = text.split("\n")[region.start : region.end]
    return name, lines[0].strip(), lines[-1].strip()


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("import { x }", None),
        ("* Adds", ("add", "/**", "}")),
        ("return a;", ("add", "/**", "}")),
        ("return b;", ("inner", "const inner = (b: number) => {", "};")),
        ("return inner(a)", ("later", "export const later = async (a: number) => {", "};")),
        ("items: Item[]", ("Cart", "@injectable()", "}")),
        ("// Sums up", ("sum", "// Sums up.", "}")),
        ("@memo", ("sum", "// Sums up.", "}")),
        ("a + b.price", ("sum", "// Sums up.", "}")),
        ("this.items = [];", ("handle", "handle = (event: Event) => {", "};")),
        ("price: number;", ("Item", "interface Item {", "}")),
        ("const cart =", ("cart", 'describe("cart", () => {', "});")),
        ("toBe(0)", ("sums up", 'it("sums up", async () => {', "});")),
        ("return 1", ("default", "export default function () {", "}")),
        ("return 2", ("go", "go: function () {", "},")),
    ],
)
def test_in_typescript(part, expected):
    assert found(SCRIPT, part, "typescript") == expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("package shop", None),
        ("Cart holds", ("Cart", "// Cart holds items.", "}")),
        ("return i", ("Total", "// Total sums up.", "}")),
        ("setup()", ("TestTotal", "func TestTotal(t *testing.T) {", "}")),
        ("check(t)", ("empty", 't.Run("empty", func(t *testing.T) {', "})")),
        ("x int", ("A", "// A is one.", "}")),
        ("var x", None),
    ],
)
def test_in_go(part, expected):
    assert found(GO, part, "go") == expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("use std", None),
        ("#[derive", ("Cart", "/// A cart.", "}")),
        ("items: Vec", ("Cart", "/// A cart.", "}")),
        ("let show", ("fmt", "/// Shows.", "}")),
        ("const A", ("impl Cart", "impl fmt::Display for Cart {", "}")),
        ("assert!(true)", ("shows", "#[test]", "}")),
        ("use super", ("tests", "#[cfg(test)]", "}")),
    ],
)
def test_in_rust(part, expected):
    assert found(RUST, part, "rust") == expected


BROKEN = "function begun(a, {\n\n\nexport function whole(a) {\n  return a;\n}\n\nclass {\n"


def test_a_mistake_elsewhere_is_no_obstacle():
    assert found(BROKEN, "return a", "javascript") == ("whole", "export function whole(a) {", "}")
    broken = f"fn begun(x: i32, {{\n\n{RUST}"
    assert found(broken, "assert!(true)", "rust")[0] == "shows"


def test_jsx_is_read_in_files_that_may_have_it():
    text = (
        "export function App() {\n  return (\n    <div>\n      <p>deep</p>\n    </div>\n  );\n}\n"
    )
    for language, path in (("typescriptreact", ""), ("typescript", "a.tsx"), ("javascript", "")):
        assert found(text, "deep", language, path)[0] == "App"


def test_line_ends_and_a_byte_order_mark_do_not_matter():
    text = Text("\ufeff" + GO.replace("\n", "\r\n"))
    region, name = enclosing(text, 12, "go")
    assert name == "Total"
    assert text.lines[region.start] == "// Total sums up.\r\n"
    assert text.lines[region.end - 1] == "}\r\n"


def test_the_cursor_behind_the_last_line_is_on_it():
    assert enclosing(Text("function f() {\n}\n"), 2, "javascript")[1] == "f"
    assert enclosing(Text(""), 0, "javascript") is None


@pytest.fixture
def without(monkeypatch):
    """Tree-sitter as if it were not installed."""
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    grammars._language.cache_clear()
    grammars._trees.clear()
    yield
    grammars._language.cache_clear()


def test_without_tree_sitter_indentation_tells(without):
    assert found(SCRIPT, "return a;", "typescript")[0] == "add"
    assert found(GO, "setup()", "go") == ("TestTotal", "func TestTotal(t *testing.T) {", "}")
    assert found(RUST, "assert!(true)", "rust")[0] == "shows"
