"""The client's own record of what it sent and what it was told: on disk before each request and after each answer."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# What a client knows of a write.
SENT = "sent"  # not answered yet
ACKNOWLEDGED = "acknowledged"
REFUSED = "refused"  # an answer said that nothing was saved
UNSENT = "unsent"  # no connection: nothing left this machine
UNKNOWN = "unknown"  # sent, and then the connection ended, or the answer itself said that the outcome is unknown
ABSENT = "absent"  # unknown, then looked for and not found: its repetition is a write of its own


@dataclass
class Write:
    """One write: what was sent, and what became of it."""

    round: int
    kind: str  # create, change, an action, or import
    path: str  # where it was sent
    record: str  # the number of the record that it changes; "" for what makes a new one
    mark: str  # unique; stands in a member of the record that it makes or changes
    body: Any
    version: int = 0  # of the record before it
    key: str = ""
    number: int = 0  # in the book
    outcome: str = SENT
    status: int = 0
    code: str = ""
    made: str = ""  # the number of what it made
    was_unknown: bool = False
    rows: list[str] = field(default_factory=list)  # the marks of an import's rows


class Book:
    """All writes of a run. A line is on disk before the method returns."""

    def __init__(self, file: Path) -> None:
        self.writes: list[Write] = []
        self._file = file.open("a", encoding="utf-8")

    def intend(self, write: Write) -> Write:
        """Note a write that is about to be sent."""
        write.number = len(self.writes)
        self.writes.append(write)
        self._note({"sent": asdict(write)})
        return write

    def learn(self, write: Write, outcome: str, **more: Any) -> None:
        """Note what was learned of a write."""
        write.outcome = outcome
        write.was_unknown = write.was_unknown or outcome == UNKNOWN
        for name, value in more.items():
            setattr(write, name, value)
        self._note({"learned": write.number, "outcome": outcome, **more})

    def of(self, number: int) -> list[Write]:
        """The writes of a round."""
        return [w for w in self.writes if w.round == number]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _note(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fdatasync(self._file.fileno())
