"""All that is kept of one workspace, in one place."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from festina.kept import state_folder
from festina.memory.database import Database
from festina.memory.journal import Journal
from festina.memory.living import Living
from festina.memory.notes import Notes
from festina.memory.records import Records
from festina.memory.steps import Steps


def folder() -> Path:
    """Return where the memories of all workspaces are kept."""
    return state_folder() / "memory"


def living() -> Living:
    """Return what shows that this process lives."""
    return Living(folder() / "living")


class Store:
    """The memory of one workspace. Nothing is opened or made before something is asked or told.

    All that its parts do blocks for a moment: keep it off an event loop. They raise `Trouble`
    where the file cannot be used; whoever calls them goes on without.
    """

    def __init__(self, workspace: Path, process: Living | None = None) -> None:
        self.workspace = Path(os.path.realpath(workspace))
        self.process = process or living()
        self._own = process is None
        digest = hashlib.sha256(os.fsencode(self.workspace)).hexdigest()[:16]
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self.workspace.name).strip(".-")[:40]
        self.file = folder() / f"{name or 'workspace'}-{digest}.sqlite3"
        self.database = Database(self.file)
        self.journal = Journal(self.database, self.process)
        self.records = Records(self.database, self.process)
        self.steps = Steps(self.database, self.process)
        self.notes = Notes(self.database, self.process)

    def close(self) -> None:
        """Let go of the file. What was begun and not ended counts as broken off from now on."""
        self.database.close()
        if self._own:
            self.process.close()
