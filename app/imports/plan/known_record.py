"""What a check knows of a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that a row may refer to, or stand for: stored, or planned by this import."""

    id: str
    number: str | None
    state: str
    values: Mapping[str, Any]  # of a record that is referred to only the columns that referring rows need
