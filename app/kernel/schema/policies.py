"""Row security, made from what each type declares; a test compares it with the policies of the migrated database.

A caller is looked up in `principal` once in every statement, by the gate (`ledger_enter`), and with it the rounds and
teams that a unit or a team has learnt of: what a disabled, moved or merged account may see changes with the next
statement, tokens already issued included. Policies read what the gate found, each as an uncorrelated sub-select: one
look-up for a statement and not one for each of its policies.
"""

from collections.abc import Iterator

from app.kernel.declare.access import PLACES, AudienceDependency, Hidden, Right
from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import RecordType, Registry
from app.kernel.personal.encryption import member_of
from app.kernel.schema.tables import ENTERED_BY_TEAM, metadata, record_table
from app.roles import READERS, WORK_LIST_READERS


def standing(role: str, column: str) -> str:
    """A column of the caller's own entry, as long as it is open and has this role."""
    return f"(select ledger_standing() -> '{role}' ->> '{column}')"


def keys(role: str) -> str:
    """The team or units of the caller: what an audience is compared with."""
    return f"{standing(role, 'keys')}::uuid[]"


def found(role: str) -> dict[str, str]:
    """What stands for the names in a condition of an access: `keys`, and the `rounds` and `teams` it has learnt of.

    Each is made an array once a statement. Outside of its sub-select that were done for every row: 3 µs of ten of them.
    """
    own = f"(select (ledger_standing() -> '{role}' ->> 'keys')::uuid[])::uuid[]"
    return {"keys": own, **{name: f"(select ledger_{name}())::uuid[]" for name in PLACES}}


def condition(t: RecordType, role: str, right: Right) -> str:
    """Which rows of a type exist for a role, over the table's own name."""
    parts = [f"{t.table}.jurisdiction = {standing(role, 'code')}"]
    if right.sees != "true":
        parts.append(right.sees.format(t.table, **{**found(role), "keys": keys(role)}))
    if right.seen_in:
        parts.append(f"{t.table}.state in ({_quoted(right.seen_in)})")
    if role == "partner_system":
        parts.append(f"'{t.path}' = any ({standing(role, 'types')}::text[])")
    return "\n    and ".join(parts)


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{v}'" for v in values)


# Database roles that act for the ledger itself: name, verbs, and the roles of the callers they act for (all, if none).
OF_THE_LEDGER = (
    ("hand", "all", ()),
    ("importing", "all", ("ledger_loader",)),
    ("figures", "select", WORK_LIST_READERS),
)


def _range(table: str, roles: tuple[str, ...]) -> str:
    """The divisions a caller is bound to, exactly or by prefix."""
    among = ", ".join(f"ledger_standing() -> '{role}'" for role in roles or ("any",))
    low, high = (f"(select coalesce({among}) ->> '{column}')" for column in ("low", "high"))
    return f"{table}.jurisdiction >= {low}\n    and {table}.jurisdiction < {high}"


def _policies(t: RecordType) -> Iterator[str]:
    """One policy for each role that sees, creates or changes; without one nothing is there.

    A role that sees only some records may hand one on out of its own sight, which its own policy refuses: then the
    ledger's own hand writes it, once the role is known to see it (decision 14).
    """
    for name, verbs, roles in OF_THE_LEDGER:
        yield f"create policy {name} on {t.table} for {verbs} to ledger_{name} using (\n    {_range(t.table, roles)})"
    yield f"grant select on {t.table} to {', '.join(f'ledger_{r}' for r in READERS)}"
    yield f"grant select, insert, update on {t.table} to ledger_hand, ledger_importing"
    for role in READERS:
        right = t.access.of(role)
        if right is None:
            continue
        rule = condition(t, role, right)
        written = (["insert"] if right.creates else []) + (["update"] if right.changes or right.acts else [])
        if written:
            yield f"grant {', '.join(written)} on {t.table} to ledger_{role}"
        yield f"create policy {role} on {t.table} for select to ledger_{role} using (\n    {rule})"
        if right.creates:
            yield f"create policy {role}_creates on {t.table} for insert to ledger_{role} with check (\n    {rule})"
        if "update" in written:
            yield f"create policy {role}_changes on {t.table} for update to ledger_{role} using (\n    {rule})"


def _audience(t: RecordType) -> Iterator[str]:
    """The audience: kept by Postgres from the record's own columns, or by a trigger where it looks at another's."""
    rule = t.access.audience
    if ENTERED_BY_TEAM in rule:
        yield f"alter table {t.table} add column {ENTERED_BY_TEAM} uuid default entering_team()"
    if rule and t.access.own_columns_only:
        kept = metadata.tables[t.table].c.audience.computed
        yield f"alter table {t.table} drop column audience"
        yield f"alter table {t.table} add column audience uuid[] generated always as ({kept and kept.sqltext}) stored"
    elif rule:
        expression = t.access.audience.format("r")
        yield (
            f"create function audience_of_{t.table}(r {t.table}) returns uuid[] language sql stable security definer"
            f" set search_path = public, pg_temp as $$"
            f" select coalesce(array_remove(\n    {expression}, null), '{{}}') $$"
        )
        yield (
            f"create function keep_audience_of_{t.table}() returns trigger language plpgsql as"
            f" $$ begin new.audience := audience_of_{t.table}(new); return new; end $$"
        )
        yield f"alter function audience_of_{t.table}({t.table}) owner to ledger_keeper"
        yield (
            f"create trigger keep_audience before insert or update on {t.table} for each row"
            f" execute function keep_audience_of_{t.table}()"
        )
    if t.access.meets:
        # What waited to be sorted in would be read by every list of a unit.
        yield f"create index ix_{t.table}_audience on {t.table} using gin (audience) with (fastupdate = off)"


def _follow(t: RecordType, other: RecordType, follow: AudienceDependency) -> Iterator[str]:
    name = f"{t.table}_follows_{other.table}"
    yield f"""create or replace function {name}() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  asked text := current_setting('app.caller', true);
begin
  perform set_config('app.caller', (coalesce(ledger_caller(), '{{}}') - 'requests' || jsonb_build_object(
    'action', 'follow',
    'request', coalesce(ledger_caller() -> 'requests' -> new.id::text, ledger_caller() -> 'request')))::text, true);
  update {t.table} set version = version + 1, updated_at = now()
    where {t.table}.jurisdiction = new.jurisdiction and {follow.match.format(t.table)}
      and audience is distinct from audience_of_{t.table}({t.table});
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$"""
    yield f"alter function {name}() owner to ledger_keeper"
    changed = " or ".join(f"old.{c} is distinct from new.{c}" for c in follow.columns)
    yield f"create trigger {name} after update on {other.table} for each row when ({changed}) execute function {name}()"


def _revisions(registry: Registry) -> Iterator[str]:
    """Old versions: those in which the role could have seen the record. The record itself must be visible, too."""
    for role in READERS:
        always, own, states = [], [], []
        for t in registry:
            right = t.access.of(role)
            if right is None:
                continue
            if right.seen_in:
                states.append(f"(record_type = '{t.path}' and state in ({_quoted(right.seen_in)}))")
            elif right.sees_own:
                own.append(t.path)
            else:
                always.append(t.path)
        rules = [f"record_type in ({_quoted(tuple(always))})"] if always else []
        rules += [f"(record_type in ({_quoted(tuple(own))}) and audience && {keys(role)})"] if own else []
        yield f"grant select on revision to ledger_{role}"
        yield (
            f"create policy {role} on revision for select to ledger_{role} using (\n"
            f"    jurisdiction = {standing(role, 'code')}\n    and ({(chr(10) + '      or ').join(rules + states)}))"
        )


def statements(registry: Registry) -> list[str]:
    """Everything that row security needs beside the hand-written `standing.sql`, table after table."""
    for t in registry:
        if t.table not in metadata.tables:
            record_table(t, registry)
    made = [s for t in registry for s in _audience(t)]
    made += [s for t in registry for f in t.access.depends_on for s in _follow(t, registry.by_name[f.type], f)]
    made += [s for t in registry for s in _policies(t)]
    return [*made, *_revisions(registry)]


ENTRY = "jurisdiction, role, kind, record_type, record_ids, members, purpose"  # who and when are the database's to say


def _entering() -> Iterator[str]:
    """Every role that reads enters its own reads, and nobody else's."""
    for role in (*READERS, "auditor"):
        yield f"grant insert ({ENTRY}) on access_log to ledger_{role}"
        own = f"principal = (ledger_caller() ->> 'sub') and role = '{role}'"
        yield (
            f"create policy {role} on access_log for insert to ledger_{role} with check (\n"
            f"    {own} and jurisdiction = {standing(role, 'code')})"
        )


def _opening(registry: Registry) -> Iterator[str]:
    """A ciphertext is read by a role from which nothing of the type is hidden, while the record exists for it.

    Only the value that the record has now: what it was before is opened by nobody.
    """
    for role in READERS:
        rules = [
            f"(member = '{member_of(t, f)}' and exists (select from {t.table} x\n"
            f"      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id"
            f" and x.{f.digest_column} = sealed_value.digest))"
            for t in registry
            for f in t.of_kind(Sealed)
            if (right := t.access.of(role)) and right.hides == Hidden()
        ]
        if rules:
            yield f"grant select on sealed_value to ledger_{role}"
            yield (
                f"create policy {role} on sealed_value for select to ledger_{role} using (\n"
                f"    {(chr(10) + '    or ').join(rules)})"
            )


def personal(registry: Registry) -> list[str]:
    """Who may enter reads in the log and open sealed values."""
    return [*_entering(), *_opening(registry)]


def import_reads() -> list[str]:
    """Who imports for a range of divisions enters what its reports show."""
    loader = "ledger_loader"
    own = f"principal = (ledger_caller() ->> 'sub') and role = '{loader}'"
    rule = f"{own}\n    and {_range('access_log', (loader,))}"
    return [
        f"grant insert ({ENTRY}) on access_log to ledger_{loader}",
        f"create policy {loader} on access_log for insert to ledger_{loader} with check (\n    {rule})",
    ]
