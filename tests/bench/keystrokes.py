"""What one keystroke costs the event loop while proposals are live, in CPU milliseconds.

    python tests/bench/keystrokes.py [KEYSTROKES]

A document of one megabyte, typed in above the proposals' regions, so that each is rebased; and what
a proposal of 400 lines costs each time that it is shown.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from lsprotocol import types as lsp

from festina.config import Settings
from festina.documents import Document
from festina.edits import Region
from festina.lsp import messages, render
from festina.lsp.app import App
from festina.lsp.capabilities import Caps
from festina.lsp.client import Client
from festina.lsp.features import sync
from festina.proposals import CandidateStatus, CandidateView, Proposal, State
from festina.text import Encoding, Text

URI = "file:///w/big.py"
LINE = "    value_{} = compute(value, {})  # a line as long as lines are\n"


def spent(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds that a call takes this thread."""
    before = time.thread_time()
    work()
    return (time.thread_time() - before) * 1000


def app_with(text: str, live: int) -> App:
    """Return an app with one open document and some proposals that stream."""
    app = App({})
    app.server.caps = Caps()
    app.server.client = Client(app.server.protocol, app.server.caps)
    app.session.roots = (Path("/w"),)
    app.session.settings[None] = Settings()
    app.session.changed = lambda _: None  # showing has its own rate, and its own lines below
    document = Document(URI, Path("/w/big.py"), "python", 1, Text(text))
    app.session.documents.open(document)
    for number in range(live):
        region = Region(5000 + 20 * number, 5010 + 20 * number)
        app.session.put(Proposal(f"p{number}", URI, 1, document.text, region, "x", State.STREAMING))
    return app


def keystrokes(count: int, live: int) -> None:
    """Type into a megabyte and print what each keystroke cost."""
    app = app_with("".join(LINE.format(n, n) for n in range(17000)), live)
    times = []
    for number in range(count):
        at = lsp.Position(100, 4 + number % 40)
        change = lsp.TextDocumentContentChangePartial(range=lsp.Range(at, at), text="x")
        identifier = lsp.VersionedTextDocumentIdentifier(uri=URI, version=number + 2)
        params = lsp.DidChangeTextDocumentParams(identifier, [change])
        times.append(spent(lambda params=params: sync.did_change(app, params)))
    cuts = statistics.quantiles(times, n=100)
    print(
        f"1 MB, {live} live: p50 {cuts[49]:5.2f}   p99 {cuts[98]:5.2f}   max {max(times):5.2f}"
        f"   ({count} keystrokes)"
    )


def showing() -> None:
    """Print what it costs to show a proposal of 400 lines, while it streams and when it is done."""
    old = "".join(LINE.format(n, n) for n in range(400))
    new = "".join(LINE.format(n, n + (n % 3 == 0)) for n in range(400))
    proposal = Proposal("p1", URI, 1, Text(old), Region(0, 400), "x", State.STREAMING)
    for name, share, status in (
        ("streaming", 2, CandidateStatus.STREAMING),
        ("complete", 1, CandidateStatus.VERIFYING),
    ):
        texts = [new[: len(new) // share - n] for n in range(20)]
        views = [CandidateView(0, status, text) for text in texts]
        many = tuple(CandidateView(n, status, new) for n in range(1, 75))
        shown = [replace(proposal, candidates=(view, *many)) for view in views]
        diagnostic = [spent(lambda p=p: render.diagnostic_message(p, "big.py")) for p in shown]
        payload = [spent(lambda p=p: messages.proposal_payload(p, Encoding.UTF16)) for p in shown]
        again = spent(lambda p=shown[-1]: messages.proposal_payload(p, Encoding.UTF16))
        print(
            f"400 lines, 75 candidates, {name}: diagnostic {statistics.median(diagnostic):5.2f} ms"
            f" (4 a second), notification {statistics.median(payload):5.2f} ms, unchanged"
            f" {again:5.2f} ms (30 a second)"
        )


if __name__ == "__main__":
    for proposals in (0, 1, 4):
        keystrokes(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, proposals)
    showing()
