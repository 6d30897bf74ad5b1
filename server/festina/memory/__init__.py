"""What Festina keeps of a workspace, on this machine and outside of it, so that nothing is lost.

A person's own files are never read back for this: a plan says what is to be done, and here stands
what was done. All of it may be taken away at any time; then only what was done is forgotten.
"""

from festina.memory.database import Trouble
from festina.memory.journal import Accept, Entry, Kept, State
from festina.memory.notes import Note
from festina.memory.records import Record
from festina.memory.steps import Try
from festina.memory.store import Store

__all__ = [
    "Accept",
    "Entry",
    "Kept",
    "Note",
    "Record",
    "State",
    "Store",
    "Trouble",
    "Try",
]
