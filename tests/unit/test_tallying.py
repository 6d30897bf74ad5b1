"""What became of proposals is counted, however soon the editor is gone."""

from dataclasses import replace

from festina.calls import Call, Why
from festina.edits import Region
from festina.models.ledger import Ledger
from festina.proposals import Proposal, State
from festina.session import Session
from festina.tallying import Tallying
from festina.text import Text

CALL = Call("fast", Why.WRITE, "coder", "https://api.example.com", 0.1)
ASKED = Proposal("p1", "file:///w/a.py", 1, Text("x = 1\n"), Region(0, 1), "do", calls=(CALL,))


async def test_an_edit_that_is_accepted_at_the_very_end_counts(tmp_path):
    ledger = Ledger(tmp_path / "usage.json")
    session = Session(ledger=ledger)
    tallying = Tallying(session)
    for state in (State.STREAMING, State.REJECTED, State.APPLIED):
        session.put(replace(ASKED, state=state))
    await tallying.close()
    (rows,) = ledger.days().values()
    tally = rows[(CALL.origin, CALL.model)]
    assert (tally.proposals, tally.accepted, tally.rejected) == (1, 1, 0)
