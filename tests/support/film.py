"""What a terminal shows over a while, as one animated SVG."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.ansi import AnsiDecoder
from rich.color import ColorType
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

from support.tmux import Terminal

WIDTH, HEIGHT = 8.4, 18.0
"""Of a character, in pixels."""
EDGE = 12.0
LONGEST = 1.6
"""Seconds for which a picture stays at most: nobody looks at a slow machine's waiting."""
EVERY = 0.1
"""Seconds between two looks: a fast machine would draw more pictures than anybody sees."""
BACK, FORE = "#14161b", "#e0e2ea"


@dataclass
class Film:
    """Pictures, each with the second at which it was first seen."""

    pictures: list[tuple[float, str]] = field(default_factory=list)
    stay: float = 1.5
    """Seconds for which the last picture stays."""

    def svg(self, size: tuple[int, int]) -> str:
        """Return the animation; it begins again at its end."""
        starts, now = [], 0.0
        times = [second for second, _ in self.pictures]
        for at, second in enumerate(times):
            starts.append(now)
            now += min(times[at + 1] - second, LONGEST) if at + 1 < len(times) else self.stay
        lines: dict[str, str] = {}
        frames = []
        for at, (_, picture) in enumerate(self.pictures):
            # a line's colours go on in the next one
            drawn = [_drawn(line) for line in AnsiDecoder().decode(picture)]
            uses = "".join(
                f'<use href="#{_name(lines, line)}" y="{EDGE + row * HEIGHT:g}"/>'
                for row, line in enumerate(drawn)
                if line
            )
            begin = starts[at] / now
            end = starts[at + 1] / now if at + 1 < len(starts) else 1.0
            frames.append((begin, end, uses))
        width, height = size[0] * WIDTH + 2 * EDGE, size[1] * HEIGHT + 2 * EDGE
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">',
                "<style>text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
                "white-space:pre}</style>",
                f'<rect width="100%" height="100%" rx="8" fill="{BACK}"/>',
                "<defs>",
                *(f'<g id="{name}">{line}</g>' for line, name in lines.items()),
                "</defs>",
                *(_shown(*frame, seconds=now) for frame in frames),
                "</svg>\n",
            ]
        )


@contextmanager
def filmed(terminal: Terminal) -> Iterator[Film]:
    """Watch a terminal for as long as the block runs."""
    film, over = Film(), threading.Event()

    def watch() -> None:
        while not over.wait(EVERY):
            picture = terminal.screen(colour=True)
            if not film.pictures or film.pictures[-1][1] != picture:
                film.pictures.append((time.monotonic(), picture))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield film
    finally:
        over.set()
        watcher.join()


def _name(lines: dict[str, str], line: str) -> str:
    return lines.setdefault(line, f"l{len(lines)}")


def _shown(begin: float, end: float, uses: str, *, seconds: float) -> str:
    """A frame that is visible from ``begin`` to ``end``, which are parts of the whole."""
    times = f"0;{begin:.5f};{end:.5f}" if begin else f"0;{end:.5f}"
    values = "hidden;visible;hidden" if begin else "visible;hidden"
    return (
        f'<g visibility="hidden"><animate attributeName="visibility" values="{values}" '
        f'keyTimes="{times}" dur="{seconds:.2f}s" calcMode="discrete" '
        f'repeatCount="indefinite"/>{uses}</g>'
    )


def _drawn(line: Text) -> str:
    """One line of a terminal: grounds, then words."""
    console = Console(width=1000, color_system="truecolor", file=None, legacy_windows=False)
    grounds, words, column = [], [], 0
    for segment in line.render(console):
        fore, back = _colours(segment.style or Style())
        left = EDGE + column * WIDTH
        width = segment.cell_length * WIDTH
        if back not in ("", BACK):
            grounds.append(
                f'<rect x="{left:.1f}" width="{width:.1f}" height="{HEIGHT:g}" fill="{back}"/>'
            )
        if segment.text.strip():
            bold = ' font-weight="bold"' if segment.style and segment.style.bold else ""
            words.append(
                f'<text x="{left:.1f}" y="13.5" fill="{fore}"{bold} textLength="{width:.1f}">'
                f"{html.escape(segment.text)}</text>"
            )
        column += segment.cell_length
    return "".join(grounds + words)


def _colours(style: Style) -> tuple[str, str]:
    """The colours of words and ground, the latter empty where it is the terminal's own."""
    fore, back = FORE, ""
    if style.color and style.color.type is not ColorType.DEFAULT:
        fore = style.color.get_truecolor(MONOKAI).hex
    if style.bgcolor and style.bgcolor.type is not ColorType.DEFAULT:
        back = style.bgcolor.get_truecolor(MONOKAI).hex
    return (back or BACK, fore) if style.reverse else (fore, back)
