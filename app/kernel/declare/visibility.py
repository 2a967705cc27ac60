"""Which records of a type exist for a role: a closed family of values.

What a value does not say is denied, old versions included. `schema/rights.py` makes the SQL of each; nothing asks a
text of SQL what it means (docs/decisions/0027-rights-are-values.md).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar


class OldVersions(Enum):
    """Which old versions a role may read of a record that exists for it.

    NONE         none of them
    EVERY        all of them, also those of before the record existed for the role
    BY_AUDIENCE  those whose own audience held a scope id of the caller
    FILLED       those in which the column of `EverySince` is filled
    """

    NONE = "none"
    EVERY = "every"
    BY_AUDIENCE = "by audience"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Knowing:
    """The records by which a caller knows a record: since the first version of one that was the caller's.

    type   name of their type
    match  SQL: which records `x` of that type lead to the row `{0}`
    when   SQL over their version `k`: it was the caller's; '' where its audience must hold a scope id of the caller
    """

    type: str
    match: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class SinceKnown:
    """The old versions of a record from the one that stood when the caller first knew it.

    by      how the caller knows it; of several ways the earliest counts
    begins  SQL over the row `{0}`: the day from which on a caller without scope ids knows it; '' if it never does
    """

    by: tuple[Knowing, ...]
    begins: str = ""

    @property
    def value(self) -> str:
        """The same in a word, as that of a member of `OldVersions`."""
        return "since it is known"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition over a record that a type states in SQL.

    sql    SQL over the row `{0}`, in which `{scope_ids}` are the caller's team or units
    means  the same in the words of docs/permissions.md, after "R" or "W"
    """

    sql: str
    means: str


class _Family:
    """The answers of most members to what the schema asks of each.

    `means` says in the words of docs/permissions.md, after "R" or "W", which records these are.
    """

    __slots__ = ()

    @property
    def compares_audience(self) -> bool:
        """Whether it compares the record's audience with the caller's scope ids: then the audience has an index."""
        return False

    @property
    def by_identifier(self) -> bool:
        """Whether the identifier alone decides: then a reference is shown or not without reading that record."""
        return False


@dataclass(frozen=True, slots=True)
class _ByColumn(_Family):
    column: str

    @property
    def by_identifier(self) -> bool:
        return self.column == "id"


@dataclass(frozen=True, slots=True)
class NoRecords(_Family):
    """No record: what a role sees of a type that does not name it."""

    means: ClassVar = ""
    old_versions: ClassVar = OldVersions.NONE


@dataclass(frozen=True, slots=True)
class Every(_Family):
    """Every record of the caller's jurisdiction, in all its versions."""

    means: ClassVar = ""
    old_versions: ClassVar = OldVersions.EVERY


@dataclass(frozen=True, slots=True)
class EverySince(_Family):
    """Every record of the caller's jurisdiction from when on `column` is filled, and its old versions from then on.

    A record that is voided later stays readable, which it would not by its state.
    """

    column: str
    means: str
    old_versions: ClassVar = OldVersions.FILLED


@dataclass(frozen=True, slots=True)
class ByAudience(_Family):
    """The records whose audience holds a scope id of the caller (its team or one of its units)."""

    means: str = "own"
    old_versions: ClassVar = OldVersions.BY_AUDIENCE

    @property
    def compares_audience(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class OwnUnit(_Family):
    """The records whose `unit_id` is one of the caller's units, from when on the column `since` is filled.

    For a type whose audience names no other unit than `unit_id`, these are the records of `ByAudience`. The gain: a
    partial index gives the newest records of a unit in their order (docs/decisions/0024-a-units-newest.md).
    """

    since: str
    means: str = "own"
    old_versions: ClassVar = OldVersions.BY_AUDIENCE


@dataclass(frozen=True, slots=True)
class OwnTeam(_ByColumn):
    """The records whose `column` is the caller's team. The column `id` is for the type of the teams themselves.

    For a type whose audience names no other team than that column, these are the records of `ByAudience`. The gain: a
    team may have thousands of records, and an index of the column gives the newest in their order.
    """

    column: str = "team_id"
    means: ClassVar = "own"
    old_versions: ClassVar = OldVersions.BY_AUDIENCE


@dataclass(frozen=True, slots=True)
class OfKnownRounds(_ByColumn):
    """The records whose `column` is a round that the caller knows. The column `id` is for the rounds themselves.

    A team knows its own round. A unit knows the round of each of its targets that was entered and is not voided. The
    caller guard finds these rounds once a statement; a condition over the targets would be asked for every row.
    """

    means: str
    old_versions: OldVersions | SinceKnown = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class OfKnownTeams(_ByColumn):
    """The records whose `column` is a team that the caller knows. The column `id` is for the teams themselves.

    A unit knows the team of each of its targets that was entered and is not voided. Found like the known rounds.
    """

    means: str
    old_versions: OldVersions | SinceKnown = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Custom(_Family):
    """The records for which a condition of the type's own holds. It does not start without saying its old versions.

    condition          which records these are
    compares_audience  whether the condition compares the audience, so that the audience needs an index
    """

    condition: Condition
    old_versions: OldVersions | SinceKnown = field(kw_only=True)
    compares_audience: bool = field(default=False, kw_only=True)

    @property
    def means(self) -> str:
        """What the condition means."""
        return self.condition.means


Visibility = NoRecords | Every | EverySince | ByAudience | OwnUnit | OwnTeam | OfKnownRounds | OfKnownTeams | Custom
