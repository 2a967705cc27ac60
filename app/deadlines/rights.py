"""Who sees which obligation, calendar day and deadline rule, and who changes them: as the database holds it.

An obligation exists for whoever may read its record now: its policy asks for the record under the caller's own policy.
So kin, a merger, a moved account or a changed role take effect with the next statement, and there is no second rule.
"""

from collections.abc import Iterator

from app.deadlines.tables import (
    CALENDAR_DAY,
    CALENDAR_YEAR,
    DEADLINE_POLICY,
    ESCALATION,
    OBLIGATION,
    OBLIGATION_EVENT,
)
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.calls import ADMINISTRATOR, PEOPLE
from app.kernel.schema.policies import in_range
from app.kernel.schema.rights import caller_grant, quoted, scope_ids
from app.kernel.schema.statements import roles, secured

KEPT = "extended_until, extensions, paused_on, paused, due_on, provisional, amber_from, version"
OF_OBLIGATION = """exists (select from obligation o
      where o.id = {table}.obligation_id and o.jurisdiction = {table}.jurisdiction"""


def keepers(registry: Registry) -> dict[str, list[str]]:
    """Role -> the rules whose extensions it grants and whose clock it stops."""
    found: dict[str, list[str]] = {}
    for o in (o for t in registry for o in t.obligations):
        for role in sorted(o.keepers):
            found.setdefault(role, []).append(o.rule)
    return found


def deadline_statements(registry: Registry) -> Iterator[str]:
    """Row security and grants of all tables of deadlines."""
    yield from _rules()
    for table in (OBLIGATION, OBLIGATION_EVENT, ESCALATION):
        yield from secured(table)
        yield f"create policy keeper on {table.name} to ledger_keeper using (true)"
        yield f"grant select, insert on {table.name} to ledger_keeper"
        yield f"grant select on {table.name} to {roles(*PEOPLE)}"
    yield "grant update on obligation to ledger_keeper"
    for role in PEOPLE:
        if seen := _seen(registry, role):
            yield f"create policy {role} on obligation for select to ledger_{role} using (\n    {seen})"
            for table in (OBLIGATION_EVENT, ESCALATION):
                of = OF_OBLIGATION.format(table=table.name)
                yield f"create policy {role} on {table.name} for select to ledger_{role} using (\n    {of}))"
    for role, rules in keepers(registry).items():
        kept = f"{_seen(registry, role)}\n    and rule in ({quoted(rules)})"
        yield f"grant update ({KEPT}) on obligation to ledger_{role}"
        yield f"create policy {role}_keeps on obligation for update to ledger_{role} using (\n    {kept})"
        of = OF_OBLIGATION.format(table=OBLIGATION_EVENT.name)
        own = f"by = (select caller_context() ->> 'sub')\n    and {of} and o.rule in ({quoted(rules)}))"
        yield f"grant insert on obligation_event to ledger_{role}"
        yield f"create policy {role}_tells on obligation_event for insert to ledger_{role} with check (\n    {own})"


def _seen(registry: Registry, role: str) -> str:
    """Which obligations exist for a role. Where it sees only records whose audience names it, these are found first."""
    parts, compares = [], True
    for t in (t for t in registry if t.obligations):
        if right := t.access.of(role):
            parts.append(f"(record_type = '{t.path}' and {_of_record(t)})")
            compares &= right.sees.compares_audience
    if not parts:
        return ""
    own = f"jurisdiction = {caller_grant(role, 'code')}"
    prefilter = f"\n    and audience && {scope_ids(role)}" if compares else ""
    records = "\n      or ".join(parts)
    return f"{own}{prefilter}\n    and ({records})"


def _of_record(t: RecordType) -> str:
    """Whether the caller sees the record. With `offset` Postgres looks those of a page up one by one, by their key.

    Without, it would first read every record that the caller sees: 20 000 blocks for a page of 50.
    """
    return (
        f"exists (select from {t.table} x\n        "
        "where x.jurisdiction = obligation.jurisdiction and x.id = record_id offset 0)"
    )


def _rules() -> Iterator[str]:
    """Whoever is bound to a place reads its calendar and its rules; its administrator enters them."""
    low = "(select caller_grants() -> 'any' ->> 'low')"
    for table in (CALENDAR_DAY, DEADLINE_POLICY):
        yield from secured(table)
        seen = f"starts_with({low}, jurisdiction)\n    or {in_range(table.name)}"
        yield f"create policy place on {table.name} for select to {roles(*PEOPLE, ADMINISTRATOR)} using (\n    {seen})"
        own = in_range(table.name, (ADMINISTRATOR,))
        own_new = f"not shipped\n    and {own}"
        yield f"create policy enters on {table.name} for insert to ledger_{ADMINISTRATOR} with check (\n    {own_new})"
        yield f"create policy replaces on {table.name} for update to ledger_{ADMINISTRATOR} using (\n    {own})"
        yield f"grant select on {table.name} to {roles(*PEOPLE, ADMINISTRATOR)}"
        yield f"grant insert, update (replaced_at, replaced_by, replaced_why) on {table.name} to ledger_{ADMINISTRATOR}"
    yield from secured(CALENDAR_YEAR)
    everybody = "caller_grants() is not null"
    yield f"create policy place on calendar_year for select to {roles(*PEOPLE, ADMINISTRATOR)} using ({everybody})"
    whole = f"(select caller_grants() -> '{ADMINISTRATOR}' ->> 'low') = ''"
    yield f"create policy enters on calendar_year for insert to ledger_{ADMINISTRATOR} with check ({whole})"
    yield f"grant select on calendar_year to {roles(*PEOPLE, ADMINISTRATOR)}"
    yield f"grant insert on calendar_year to ledger_{ADMINISTRATOR}"
    for table in (CALENDAR_DAY, CALENDAR_YEAR, DEADLINE_POLICY):
        yield f"create policy keeper on {table.name} for select to ledger_keeper using (true)"
        yield f"grant select on {table.name} to ledger_keeper"
    yield from _queued()


def _queued() -> Iterator[str]:
    """The queue of the clocks."""
    # Whoever changes the calendar or a rule queues the job that moves what runs; its payload names nobody else.
    own = """entrypoint = 'clocks'
    and convert_from(payload, 'UTF8')::jsonb ->> 'account' = (select caller_context() ->> 'sub')"""
    yield f"create policy clocks_queued on pgqueuer for insert to ledger_{ADMINISTRATOR} with check (\n  {own})"
    yield f"create policy clocks on pgqueuer for select to ledger_{ADMINISTRATOR} using (\n  {own})"
    logged = f"clocks_queued on pgqueuer_log for insert to ledger_{ADMINISTRATOR} with check (status = 'queued')"
    yield f"create policy {logged}"
    yield f"grant insert, select on pgqueuer to ledger_{ADMINISTRATOR}"
    yield f"grant insert on pgqueuer_log to ledger_{ADMINISTRATOR}"
    yield f"grant usage on sequence pgqueuer_id_seq to ledger_{ADMINISTRATOR}"
