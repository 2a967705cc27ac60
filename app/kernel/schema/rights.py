"""What a declared right means in SQL: the only place where one becomes a condition.

The caller guard (`set_caller`) looks the caller up in `principal` once in every statement, and with it the rounds and
teams that the caller knows. What a disabled, moved or merged account may see therefore changes with the next statement,
for tokens already issued, too. Conditions read what the guard found, each as an uncorrelated sub-select: Postgres
evaluates it once for a statement and not once for each policy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from app.kernel.declare.access import Right
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.visibility import (
    ByAudience,
    Custom,
    Every,
    EverySince,
    NoRecords,
    OfKnownRounds,
    OfKnownTeams,
    OldVersions,
    OwnTeam,
    OwnUnit,
    SinceKnown,
    Visibility,
)

CALLER = "(select caller_context() ->> 'sub')"


@dataclass(frozen=True, slots=True)
class CallerScope:
    """SQL for what the guard found of the caller.

    scope_ids      its team or units
    rounds, teams  those that it knows
    kin_ids        the units of whom it is kin
    cadre_ids      the discipline bodies about whose cadres it reads (the grant `own_cadres`)
    barred_ids     the units of whom it is kin by its home unit, which no grant opens
    """

    scope_ids: str
    rounds: str
    teams: str
    kin_ids: str
    cadre_ids: str
    barred_ids: str


def caller_grant(role: str, column: str) -> str:
    """SQL for a column of the caller's own entry in `principal`; null unless the entry is open and has this role."""
    return f"(select caller_grants() -> '{role}' ->> '{column}')"


def scope_ids(role: str) -> str:
    """SQL for the caller's team or units: what an audience is compared with."""
    return f"{caller_grant(role, 'scope_ids')}::uuid[]"


def kin_ids(role: str) -> str:
    """SQL for the units of which the caller is kin: a record about one of them does not exist for it."""
    return f"{caller_grant(role, 'kin_ids')}::uuid[]"


def cadre_ids(role: str) -> str:
    """SQL for the discipline bodies about whose cadres the caller reads, by the grant `own_cadres`."""
    return f"{caller_grant(role, 'cadre_ids')}::uuid[]"


def barred_ids(role: str) -> str:
    """SQL for the units of whom the caller is kin by its home unit: the grant `own_cadres` opens nothing about them."""
    return f"{caller_grant(role, 'barred_ids')}::uuid[]"


def policy_scope(role: str) -> CallerScope:
    """The caller's scope as the policies of a role name it."""
    return CallerScope(
        scope_ids(role), _known("rounds"), _known("teams"), kin_ids(role), cadre_ids(role), barred_ids(role)
    )


def document_scope(role: str) -> CallerScope:
    """The caller's scope as documents name it, for every row of an answer.

    The cast stands inside the sub-select, so that the array is made once a statement and not once a row.
    It buys 3 µs for ten rows.
    """
    ids = f"(select (caller_grants() -> '{role}' ->> 'scope_ids')::uuid[])::uuid[]"
    return CallerScope(ids, _known("rounds"), _known("teams"), kin_ids(role), cadre_ids(role), barred_ids(role))


def _known(what: str) -> str:
    return f"(select caller_{what}())::uuid[]"


def quoted(values: Iterable[str]) -> str:
    """Words as SQL literals, separated by commas."""
    return ", ".join(f"'{v}'" for v in values)


def rows_seen(sees: Visibility, row: str, scope: CallerScope) -> str:
    """SQL over a row of the caller's jurisdiction: whether the record exists for the caller; '' where each does."""
    match sees:
        case Every():
            return ""
        case NoRecords():
            return "false"
        case EverySince(column):
            return f"{row}.{column} is not null"
        case ByAudience():
            # Said twice, so that the planner takes one record in ten thousand for the caller's own. Said once, it takes
            # one in a hundred, reads the jurisdiction as well, and a unit's newest 50 of 50 000 records cost 4 ms more.
            # The index (GIN) must answer both: where the second was a filter they took 2.4 ms instead of 0.17.
            compared = f"{row}.audience && {scope.scope_ids}"
            return f"{compared} and {compared}"
        case OwnUnit(since):  # all scope ids: a unit answers to the units merged into it
            return f"{row}.unit_id = any ({scope.scope_ids}) and {row}.{since} is not null"
        case OwnTeam(column) | OfKnownRounds(column) | OfKnownTeams(column):
            return _in_scope(sees, f"{row}.{column}", scope)
        case Custom(condition):
            return condition.sql.format(row, scope_ids=scope.scope_ids)
    assert_never(sees)


def _in_scope(sees: OwnTeam | OfKnownRounds | OfKnownTeams, value: str, scope: CallerScope) -> str:
    match sees:
        case OwnTeam():  # a team has one scope id
            return f"{value} = ({scope.scope_ids})[1]"
        case OfKnownRounds():
            return f"{value} = any ({scope.rounds})"
        case OfKnownTeams():
            return f"{value} = any ({scope.teams})"
    assert_never(sees)


def seen_by_identifier(sees: Visibility, identifier: str, scope: CallerScope) -> str:
    """SQL for whether the record with this identifier exists for the caller; '' where the record itself must be read.

    The row that refers to it is of the caller's own jurisdiction, and so is the record.
    """
    if sees.by_identifier and isinstance(sees, OwnTeam | OfKnownRounds | OfKnownTeams):
        return _in_scope(sees, identifier, scope)
    return ""


def of_first_unit(row: str, role: str) -> str:
    """SQL for the records of the first of the caller's units, whose newest an index gives in their order.

    Most callers have one unit. A list asks for the first one's records, and asks again for all if there are more.
    """
    return f"{row}.unit_id = ({scope_ids(role)})[1]"


def may_write(right: Right, row: str, scope: CallerScope) -> str:
    """SQL for whether the caller may create, change and act on the row, where that differs between rows; else ''."""
    return f"({right.writes_if.sql.format(row, scope_ids=scope.scope_ids)})" if right.writes_if else ""


def limit_met(right: Right, row: str, scope: CallerScope) -> str:
    """SQL for whether the caller may take on the row the actions of its limit too; '' where there is none."""
    return f"({right.limit.condition.sql.format(row, scope_ids=scope.scope_ids)})" if right.limit else ""


def first_known(t: RecordType, role: str) -> str:
    """The name of the function that gives the version of a record which stood when a caller first knew it."""
    return f"{t.table}_known_to_{role}"


def present(right: Right, row: str, seen: str, scope: CallerScope) -> str:
    """SQL over a row: `seen`, less what is about units of whom the caller is kin, or from which the caller is recused.

    Who has the grant `own_cadres` of a discipline body sees what is about cadres of that body, and of those below it,
    unless its person belongs to another unit that the record is about, too.
    The caller is kin in the register of now, and what the record is about stands in its row: a merger, a new parent, a
    moved person or account takes effect with the next statement.
    """
    if not right.spares_kin:
        return seen
    others = " and ".join(part for part in (seen, f"not {row}.about && {scope.kin_ids}") if part)
    granted = f"{row}.about && {scope.cadre_ids} and not {row}.about && {scope.barred_ids}"
    return f"({others} or {granted}) and {CALLER} <> all ({row}.recused)"


def old_versions_seen(types: Iterable[RecordType], role: str) -> str:
    """SQL over `revision`: which old versions the role may read. A type that opens none to it is not named.

    Whom a record is about is asked of the record as it is now, under the role's own policy.
    """
    every, by_audience, by_content, about = [], [], [], []
    for t in types:
        right = t.access.of(role)
        sees = right.sees if right else NoRecords()
        if right and right.spares_kin:
            now = "x.jurisdiction = revision.jurisdiction and x.id = record_id"
            about.append(f"(record_type <> '{t.path}' or exists (select from {t.table} x where {now}))")
        match sees.old_versions:
            case SinceKnown():
                by_content.append(f"(record_type = '{t.path}' and version >= {first_known(t, role)}(record_id))")
            case OldVersions.EVERY:
                every.append(t.path)
            case OldVersions.BY_AUDIENCE:
                by_audience.append(t.path)
            case OldVersions.FILLED if isinstance(sees, EverySince):
                by_content.append(f"(record_type = '{t.path}' and snapshot ->> '{sees.column}' is not null)")
    rules = [f"record_type in ({quoted(every)})"] if every else []
    if by_audience:
        rules.append(f"(record_type in ({quoted(by_audience)}) and audience && {scope_ids(role)})")
    seen = "\n      or ".join(rules + by_content) or "false"
    return "\n    and ".join((f"({seen})", *about))
