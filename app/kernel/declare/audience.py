"""Whom a record concerns, and whom it is about: lists of units and teams that the database keeps in its row."""

from dataclasses import dataclass

from app.kernel.declare.visibility import Condition


@dataclass(frozen=True, slots=True)
class AudienceDependency:
    """A record of another type that the SQL of an audience or of `About` reads: when it changes, both are made again.

    type       the other type's name
    match      SQL: which records `{0}` of the own type depend on the changed one, `new`
    columns    the columns of the other record whose change matters
    """

    type: str
    match: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audience:
    """The teams and units that a record concerns: a column of the record, which Postgres keeps.

    With `looks_at` a trigger keeps it; without, it is a generated column, and Postgres refuses SQL that reads another
    table.

    sql              SQL over the row `{0}`: uuid[], of which nulls are left out
    looks_at         the records of other types that `sql` reads
    entered_by_team  whether the table has the column `entered_by_team`, the team whose account registered the record
    """

    sql: str
    looks_at: tuple[AudienceDependency, ...] = ()
    entered_by_team: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """The units that a record is about: a column of the record, which a trigger keeps.

    A record does not exist for a caller who is kin of one of them, in any of its versions: `schema/rights.py` takes it
    from every right of the type (docs/decisions/0033-kin.md). What a unit was merged into, what lies below it and so on
    is not written here: that belongs to the caller, and is found in the register of now (`unit_kin_ids`).

    sql         SQL over the row `{0}`: uuid[], of which nulls are left out
    recused     SQL over the row `{0}`: text[], the accounts that stay away from the record (回避)
    looks_at    the records of other types that both read
    as_entered  whether what the record was about when it was entered is kept beside what it is about today
    apart       which records are shown as the rights say; of the others each role sees metadata
    """

    sql: str
    recused: str
    looks_at: tuple[AudienceDependency, ...] = ()
    as_entered: bool = False
    apart: Condition | None = None
