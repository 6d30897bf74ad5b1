"""What runs of a command say, and what of that is new."""

from __future__ import annotations

import collections
import re
from dataclasses import dataclass

from festina.findings import Finding, Severity
from festina.verify import compare
from festina.verify.base import Candidate
from festina.verify.problems import Problems
from festina.verify.workbench import Ran

_MOST_TAIL = 4000
_MOST_SAID = 200
_DIFFERS = re.compile(
    r"\b\d+(?:\.\d+)?\s?(?:ms|s|sec|secs|seconds|m|min)\b|duration_ms \d+(?:\.\d+)?"
    r"|:\d+(?::\d+)?|\(\d+,\d+\)|0x[0-9a-f]+|\d\d:\d\d:\d\d"
)
"""What differs from run to run, or moves with a line, and says nothing."""
_SUMMARY = re.compile(
    r"^(?:Found \d+ errors?\b.*|\W* ?\d+ problems? \(.*|error: could not compile .*"
    r"|warning: .* generated \d+ warnings?.*|error: aborting due to .*|\s*\|?\s*|.*[\^~]+.*)$"
)
"""Lines that only count problems, or point at them: those themselves are compared."""
_TELLING = re.compile(r"error|fail|not ok|not found", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """One run, and the problems that its output names."""

    ran: Ran
    problems: Problems

    @property
    def failed(self) -> bool:
        """Whether its exit code says so."""
        return self.ran.done.returncode != 0

    def within(self, path: str) -> list[Finding]:
        """The findings in one file."""
        return [finding for finding in self.problems.findings if finding.path == path]

    @property
    def first(self) -> str:
        """The first line that tells something, for a sentence."""
        for finding in self.problems.findings:
            if finding.severity is Severity.ERROR:
                return f"{finding.path}:{finding.line}: {finding.message}"[:_MOST_SAID]
        lines = [line.strip() for line in self.problems.others if re.search(r"\w", line)]
        telling = [line for line in lines if _TELLING.search(line)]
        return (telling or lines or [f"exit code {self.ran.done.returncode}"])[0][:_MOST_SAID]

    @property
    def tail(self) -> str:
        """The end of what it printed."""
        return self.ran.output.strip()[-_MOST_TAIL:]


def added(candidate: Candidate, path: str, new: Said, old: Said) -> list[Finding]:
    """Return the findings that are new, those in the edited file (at ``path``) first. Blocks."""
    found = compare.subtract(new.within(path), candidate.new, old.within(path), candidate.old)
    found += compare.added_elsewhere(path, new.problems.findings, old.problems.findings)
    if old.failed:  # tools print advice, too; it is not for that that they fail
        return [finding for finding in found if finding.severity is Severity.ERROR]
    return found


def explained(new: Said, old: Said) -> bool:
    """Whether all that a failing run says was said without the edit as well."""
    if new.ran.done.returncode != old.ran.done.returncode or new.ran.done.truncated:
        return False
    before = collections.Counter(_DIFFERS.sub("", line).strip() for line in old.problems.others)
    for line in new.problems.others:
        if not _SUMMARY.match(line):
            before[plain := _DIFFERS.sub("", line).strip()] -= 1
            if before[plain] < 0:
                return False
    return True
