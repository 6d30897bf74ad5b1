"""A model's Markdown, made safe for a person's editor: no images, no HTML, no links, no commands.

The text is parsed (markdown-it-py, CommonMark) and written anew from the few constructs that carry
meaning: what is written here is all that there can be. Everything else becomes plain text, escaped.
What a client would turn into a link by itself (GFM's extended autolinks) is written as code, which
can be read and copied, and not be clicked (design, invariant 9).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from festina.clean import stripped

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

MOST_CHARS = 100_000
"""An answer is cut there: a person reads no further, and a parser's time is bounded."""
MOST_DEPTH = 12
"""Lists and quotes within each other; what lies deeper is written as if it did not."""

_LINK = re.compile(
    r"://|\bwww\.|[^\s@]@[^\s@]+\."
    r"|\b(?:mailto|xmpp|command|vscode(?:-\w+)?|javascript|vbscript|data|file|tel|sms|blob):\S",
    re.IGNORECASE,
)
"""What some client makes a link of without any markup, or follows where it is one."""
_TRAILING = ".,;:!?)\"'"

_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|</?[a-zA-Z][^<>]*(?:>|\Z)", re.DOTALL)
_ACTIVE = re.compile(r"<(script|style|iframe|object|svg)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.I)
_GENERIC = re.compile(r"</?[A-Za-z_]\w*>")
"""A tag that may as well be code in prose, such as ``List<int>``."""
_ELEMENT = re.compile(
    r"</?(?:a|abbr|address|article|aside|audio|b|base|blockquote|body|br|button|canvas|caption|"
    r"center|cite|code|col|dd|del|details|dfn|dialog|div|dl|dt|em|embed|fieldset|figure|font|"
    r"footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|"
    r"legend|li|link|main|map|mark|math|meta|nav|noscript|object|ol|option|p|param|picture|pre|"
    r"progress|q|s|samp|script|section|select|small|source|span|strong|style|sub|summary|sup|svg|"
    r"table|tbody|td|textarea|tfoot|th|thead|title|tr|track|tt|u|ul|var|video)>",
    re.IGNORECASE,
)

_ESCAPED = re.compile(r"[\\`*\[<~]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])|!(?=\[)")
_LINE_START = re.compile(r"(?P<blank>[ \t]*)(?P<mark>#{1,6}(?=\s|$)|>|[-+](?=\s|$)|=+\s*$|-+\s*$)")
_NUMBER = re.compile(r"[ \t]*\d{1,9}(?=[.)](?:\s|$))")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,32}")

Piece = tuple[str, str]
"""``text``, to be escaped, or ``made``: Markdown that we have written."""


def safe(text: str) -> str:
    """Return Markdown with the meaning of ``text``, and nothing in it to be fetched or followed.

    Takes a few milliseconds for a page: not for the event loop.
    """
    from markdown_it.tree import SyntaxTreeNode

    tree = SyntaxTreeNode(_parser().parse(stripped(text[:MOST_CHARS])))
    return "\n\n".join(_blocks(tree.children, 0))


def complete(text: str) -> int:
    """Return how much of an answer that still comes is over, in characters: all but its last block.

    What is before that place reads the same however it goes on.
    """
    tokens = _parser().parse(text)
    starts = [token.map[0] for token in tokens if token.level == 0 and token.map]
    if len(starts) < 2:
        return 0
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: starts[-1]]))


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _blocks(nodes: Sequence[SyntaxTreeNode], depth: int) -> list[str]:
    written = (_block(node, depth) for node in nodes)
    return [block for block in written if block.strip()]


def _block(node: SyntaxTreeNode, depth: int) -> str:
    kind = node.type
    if kind in {"fence", "code_block"}:
        return _fence(node.content, node.info if kind == "fence" else "")
    if kind == "hr":
        return "---"
    if kind == "html_block":
        return _prose([("text", _without_tags(node.content).strip())])
    if kind == "heading":
        line = " ".join(_inline(node.children).split("\n"))
        return f"{'#' * min(6, int(node.tag[1:]))} {line}" if line else ""
    if kind in {"paragraph", "inline"}:
        return _inline(node.children if kind == "inline" else node.children[:1])
    if kind == "blockquote" and depth < MOST_DEPTH:
        return _prefixed("\n\n".join(_blocks(node.children, depth + 1)), "> ", "> ")
    if kind in {"bullet_list", "ordered_list"} and depth < MOST_DEPTH:
        return _list(node, depth)
    return "\n\n".join(_blocks(node.children, depth))


def _list(node: SyntaxTreeNode, depth: int) -> str:
    number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    items = []
    for item in node.children:
        mark = "- " if number is None else f"{min(number, 999_999_999)}. "
        number = None if number is None else number + 1
        inside = "\n\n".join(_blocks(item.children, depth + 1))
        items.append(_prefixed(inside, mark, " " * len(mark)) if inside else mark.rstrip())
    return "\n".join(items)


def _prefixed(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    shown = [first + lines[0], *(rest + line if line else rest.rstrip() for line in lines[1:])]
    return "\n".join(line.rstrip() if not line.strip() else line for line in shown)


def _fence(code: str, info: str) -> str:
    language = _LANGUAGE.match(info.strip())
    marks = "`" * max(3, _longest_run(code) + 1)
    body = code if code.endswith("\n") else f"{code}\n"
    return f"{marks}{language[0] if language else ''}\n{body}{marks}"


def _inline(nodes: Iterable[SyntaxTreeNode]) -> str:
    return _prose(_pieces(nodes))


def _pieces(nodes: Iterable[SyntaxTreeNode]) -> list[Piece]:
    found: list[Piece] = []
    for node in nodes:
        kind = node.type
        if kind == "inline":
            found += _pieces(node.children)
        elif kind in {"text", "text_special"}:
            found.append(("text", node.content))
        elif kind in {"softbreak", "hardbreak"}:
            found.append(("text", "\n"))
        elif kind == "code_inline":
            found.append(("made", _code(node.content)))
        elif kind == "html_inline":
            found.append(("text", _tag(node.content)))
        elif kind in {"em", "strong"}:
            mark = "*" if kind == "em" else "**"
            if inside := _pieces(node.children):
                found += [("made", mark), *inside, ("made", mark)]
        else:  # a link, an image: its words
            found += _pieces(node.children)
    return [piece for piece in found if piece[1]]


def _prose(pieces: Iterable[Piece]) -> str:
    """Write pieces as one paragraph. Texts side by side are one: together they may be a link."""
    joined: list[Piece] = []
    for kind, content in pieces:
        if kind == "text" and joined and joined[-1][0] == "text":
            joined[-1] = ("text", joined[-1][1] + content)
        else:
            joined.append((kind, content))
    written = ""
    for kind, content in joined:
        piece = _plain(content) if kind == "text" else content
        # two code spans side by side would be one
        written += f" {piece}" if written.endswith("`") and piece.startswith("`") else piece
    lines = (line.strip(" \t") for line in written.split("\n"))
    return "\n".join(_unmarked(line) for line in lines if line)


def _plain(text: str) -> str:
    return re.sub(r"\S+", lambda match: _word(match[0]), text)


def _word(word: str) -> str:
    if not _LINK.search(word):
        return _ESCAPED.sub(lambda match: f"\\{match[0]}", word)
    kept = word.rstrip(_TRAILING)
    return _code(kept) + _word(word[len(kept) :]) if kept else word


def _unmarked(line: str) -> str:
    """Escape what would make a line of text something else at its beginning."""
    if match := _LINE_START.match(line):
        return f"{match['blank']}\\{line[match.start('mark') :]}"
    if match := _NUMBER.match(line):
        return f"{match[0]}\\{line[match.end() :]}"
    return line


def _code(content: str) -> str:
    content = " ".join(content.split("\n"))
    if not content.strip():
        return ""
    marks = "`" * (_longest_run(content) + 1)
    pad = " " if content[0] in "` " or content[-1] in "` " else ""
    return f"{marks}{pad}{content}{pad}{marks}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _tag(content: str) -> str:
    """Return what is left of a tag in a line: nothing, unless it is likelier to be code."""
    generic = _GENERIC.fullmatch(content) and not _ELEMENT.fullmatch(content)
    return content if generic else ""


def _without_tags(content: str) -> str:
    return _TAG.sub(lambda match: _tag(match[0]), _ACTIVE.sub("", content))
