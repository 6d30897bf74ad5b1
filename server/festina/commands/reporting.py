"""A report for a person: a few lines and two tables, or one page with the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from festina.clean import visible
from festina.findings import duration
from festina.report import Pictured, Report, Sums
from festina.spending import money

MARK = "<!-- a report of Festina -->"
"""By this a page is known as one of ours, which may be replaced."""
NOTHING = "No edit was asked for in this project in the last {days} days, as far as is known here."
COLUMNS = (
    *("proposals", "accepted", "rejected", "rounds", "tests failed", "still there"),
    *("decision", "tokens", "cost", "tokens/s"),
)
NAME_ROOM = 44
"""A model's or skill's name is cut to so many characters on a terminal."""

STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem; text-align: right; }
th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; }
dl { display: grid; gap: .3rem 1.5rem; grid-template-columns: max-content 1fr; }
dt { font-weight: 600; } dd { margin: 0; }
.pictures { align-items: start; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
figure { margin: 0; } img { border: 1px solid #8886; max-width: 100%; }
meter { height: 1rem; margin-right: .6rem; vertical-align: middle; width: 12rem; }
"""


def text(report: Report, days: int) -> str:
    """Return it for a terminal."""
    if not report.total.proposals:
        return NOTHING.format(days=days)
    facts = _facts(report.total)
    room = max(len(name) for name, _, _ in facts)
    lines = [f"The last {days} days", *(f"{name:<{room}}  {said}" for name, said, _ in facts)]
    for title, groups in (("model", report.models), ("skill", report.skills)):
        if groups:
            lines += ["", *_table(title, groups)]
    return "\n".join(map(visible, lines))


def page(report: Report, project: str, days: int, pictures: Sequence[str | None] = ()) -> str:
    """Return it as one page that loads nothing and runs nothing.

    ``pictures`` are addresses that hold those of the report, in its order; None: it is gone.
    """
    total, title = report.total, f"Festina: {project}"
    if not total.proposals:
        body = [f"<p>{escape(NOTHING.format(days=days))}</p>"]
    else:
        facts = "".join(
            f"<dt>{escape(name)}</dt><dd>{_meter(share, name)}{escape(said)}</dd>\n"
            for name, said, share in _facts(total)
        )
        body = [f"<dl>\n{facts}</dl>"]
        for name, groups in (("model", report.models), ("skill", report.skills)):
            if groups:
                body.append(_html_table(name, groups))
        if any(pictures):
            body.append(_figures(report.pictures, pictures))
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
        " form-action 'none'"
    )
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'{MARK}\n<meta http-equiv="content-security-policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(visible(title))}</title>\n<style>\n{STYLE}</style>\n</head>\n"
    )
    shown = "\n".join(body)
    return (
        f"{head}<body>\n<h1>{escape(visible(title))}</h1>\n"
        f"<p>What came of the edits of the last {days} days.</p>\n{shown}\n</body>\n</html>\n"
    )


def _figures(found: Sequence[Pictured], addresses: Sequence[str | None]) -> str:
    shown = []
    for one, address in zip(found, addresses, strict=False):
        if address is not None:
            words = f"{one.path}: {one.code}, {datetime.fromtimestamp(one.at):%Y-%m-%d %H:%M}"
            said = escape(visible(words))
            shown.append(
                f'<figure><img src="{escape(address)}" alt="{said}">'
                f"<figcaption>{said}</figcaption></figure>\n"
            )
    title = "<h2>What browsers have shown to be wrong</h2>\n"
    return f'{title}<div class="pictures">\n{"".join(shown)}</div>'


def _facts(sums: Sums) -> list[tuple[str, str, float | None]]:
    """Return what there is to say of all together: a name, the words, and a share from 0 to 1."""
    gates = ", ".join(f"{gate} {count}" for gate, count in sums.gates.most_common())
    facts = [
        ("edits asked for", f"{sums.proposals:,}", None),
        ("accepted", _part(sums.accepted, sums.proposals), sums.accepted / sums.proposals),
        (
            "rejected by checks",
            _part(sums.rejected, sums.proposals) + (f": {gates}" if gates else ""),
            sums.rejected / sums.proposals,
        ),
        ("put away by you", _part(sums.dismissed, sums.proposals), sums.dismissed / sums.proposals),
        ("cancelled, stale, open", f"{sums.others:,}", None),
        ("repair rounds", f"{sums.rounds:,}, in {_part(sums.repaired, sums.proposals)}", None),
    ]
    if sums.tested:
        share = sums.failed_tests / sums.tested
        facts.append(("tests failed", f"in {_of(sums.failed_tests, sums.tested)} edits", share))
    if sums.added:
        words = f"{_of(sums.standing, sums.added)} accepted lines are as they were accepted"
        facts.append(("still there", words, sums.standing / sums.added))
    median, most = sums.wait(0.5), sums.wait(0.9)
    if median is not None and most is not None:
        words = f"{duration(median)} after an edit was ready (median); 9 of 10 in {duration(most)}"
        facts.append(("your decision", words, None))
    cost = f", cost {money(sums.cost)}" if sums.cost is not None else ""
    speed = f", {sums.speed:,.0f} tokens/s" if sums.speed else ""
    words = f"{sums.requests:,} requests, {sums.tokens:,} tokens{cost}{speed}"
    return [*facts, ("models", words, None)]


def _part(count: int, whole: int) -> str:
    return f"{count:,} ({count / whole:.0%})" if whole else f"{count:,}"


def _of(count: int, whole: int) -> str:
    return f"{count:,} of {whole:,} ({count / whole:.0%})"


def _cells(sums: Sums) -> list[str]:
    median = sums.wait(0.5)
    return [
        *(f"{sums.proposals:,}", f"{sums.accepted:,}", f"{sums.rejected:,}", f"{sums.rounds:,}"),
        f"{sums.failed_tests / sums.tested:.0%}" if sums.tested else "",
        f"{sums.standing / sums.added:.0%}" if sums.added else "",
        duration(median) if median is not None else "",
        f"{sums.tokens:,}",
        money(sums.cost) if sums.cost is not None else "",
        f"{sums.speed:,.0f}" if sums.speed else "",
    ]


def _table(title: str, groups: Sequence[tuple[str, Sums]]) -> list[str]:
    rows = [[title, *COLUMNS], *([_cut(name), *_cells(sums)] for name, sums in groups)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _html_table(title: str, groups: Sequence[tuple[str, Sums]]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in (title, *COLUMNS))
    rows = [
        "".join(f"<td>{escape(visible(cell))}</td>" for cell in (name, *_cells(sums)))
        for name, sums in groups
    ]
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}\n</table></div>'


def _cut(name: str) -> str:
    return name if len(name) <= NAME_ROOM else f"{name[: NAME_ROOM - 1]}…"


def _meter(share: float | None, name: str) -> str:
    if share is None:
        return ""
    return f'<meter value="{share:.3f}" aria-label="{escape(name)}"></meter>'
