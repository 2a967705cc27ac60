"""Row security, made from what each type declares; a test compares it with the policies of the migrated database.

What a right means in SQL stands in `schema/rights.py`; here are the policies that hold it.
"""

from collections.abc import Iterator

from app.kernel.declare.access import COUNTING, READERS, AudienceDependency, Hidden, Right
from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.rights import caller_grant, old_versions_seen, policy_scope, rows_seen
from app.kernel.schema.tables import ENTERED_BY_TEAM, metadata, record_table


def condition(t: RecordType, role: str, right: Right) -> str:
    """Which rows of a type exist for a role, over the table's own name."""
    parts = [f"{t.table}.jurisdiction = {caller_grant(role, 'code')}"]
    if seen := rows_seen(right.sees, t.table, policy_scope(role)):
        parts.append(seen)
    if role == "partner_system":
        parts.append(f"'{t.path}' = any ({caller_grant(role, 'types')}::text[])")
    return "\n    and ".join(parts)


# Database roles that act for the service itself: name, verbs, and the roles of the callers they act for (none: all).
OF_THE_LEDGER = (("hand", "all", ()), ("importing", "all", ("ledger_loader",)), ("figures", "select", COUNTING))


def _range(table: str, roles: tuple[str, ...]) -> str:
    """SQL for the rows of the divisions that a caller is bound to, exactly or by prefix."""
    among = ", ".join(f"ledger_standing() -> '{role}'" for role in roles or ("any",))
    low, high = (f"(select coalesce({among}) ->> '{column}')" for column in ("low", "high"))
    return f"{table}.jurisdiction >= {low}\n    and {table}.jurisdiction < {high}"


def _policies(t: RecordType) -> Iterator[str]:
    """One policy for each role that sees, creates or changes. A role without a policy finds no row.

    A role that sees only some records may hand one on out of its own sight. Its own policy refuses that write, so the
    system role makes it, once the caller is known to see the record (docs/decisions/0014-access.md).
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
    """The audience's column: generated from the record's own columns, or kept by a trigger where it looks at others."""
    audience = t.access.audience
    if audience and audience.entered_by_team:
        yield f"alter table {t.table} add column {ENTERED_BY_TEAM} uuid default entering_team()"
    if audience and not audience.looks_at:
        kept = metadata.tables[t.table].c.audience.computed
        yield f"alter table {t.table} drop column audience"
        yield f"alter table {t.table} add column audience uuid[] generated always as ({kept and kept.sqltext}) stored"
    elif audience:
        expression = audience.sql.format("r")
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
    if t.access.compares_audience:
        # Without fast update: every list of a unit would read the entries that wait to be sorted in.
        yield f"create index ix_{t.table}_audience on {t.table} using gin (audience) with (fastupdate = off)"


def _dependency(t: RecordType, other: RecordType, looked_at: AudienceDependency) -> Iterator[str]:
    """The trigger that makes audiences again when a record that they look at changes: a new version of each."""
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
    where {t.table}.jurisdiction = new.jurisdiction and {looked_at.match.format(t.table)}
      and audience is distinct from audience_of_{t.table}({t.table});
  perform set_config('app.caller', coalesce(asked, ''), true);
  return null;
end $$"""
    yield f"alter function {name}() owner to ledger_keeper"
    changed = " or ".join(f"old.{c} is distinct from new.{c}" for c in looked_at.columns)
    yield f"create trigger {name} after update on {other.table} for each row when ({changed}) execute function {name}()"


def _revisions(registry: Registry) -> Iterator[str]:
    """The old versions that a role may read. Statements join them to the record, which must be visible as well."""
    for role in READERS:
        yield f"grant select on revision to ledger_{role}"
        yield (
            f"create policy {role} on revision for select to ledger_{role} using (\n"
            f"    jurisdiction = {caller_grant(role, 'code')}\n    and ({old_versions_seen(registry, role)}))"
        )


def statements(registry: Registry) -> list[str]:
    """What row security needs beside its hand-written functions, in the order in which it is executed."""
    for t in registry:
        if t.table not in metadata.tables:
            record_table(t, registry)
    made = [s for t in registry for s in _audience(t)]
    looking = [(t, other) for t in registry if t.access.audience for other in t.access.audience.looks_at]
    made += [s for t, other in looking for s in _dependency(t, registry.by_name[other.type], other)]
    made += [s for t in registry for s in _policies(t)]
    return [*made, *_revisions(registry)]


ENTRY = "jurisdiction, role, kind, record_type, record_ids, members, purpose"  # who and when are the database's to say


def _entering() -> Iterator[str]:
    """Every role that reads enters its own reads in the access log, and nobody else's."""
    for role in (*READERS, "auditor"):
        yield f"grant insert ({ENTRY}) on access_log to ledger_{role}"
        own = f"principal = (ledger_caller() ->> 'sub') and role = '{role}'"
        yield (
            f"create policy {role} on access_log for insert to ledger_{role} with check (\n"
            f"    {own} and jurisdiction = {caller_grant(role, 'code')})"
        )


def _opening(registry: Registry) -> Iterator[str]:
    """A role reads a ciphertext if nothing of the type is hidden from it, and while the record exists for it.

    Nobody opens a value that the record had before: the digest must be the one that the record holds now.
    """
    for role in READERS:
        rules = [
            f"(member = '{t.sealed_member(f)}' and exists (select from {t.table} x\n"
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
    """The policies of the access log and of encrypted values."""
    return [*_entering(), *_opening(registry)]


def import_reads() -> list[str]:
    """The policy by which a loader, who imports for a range of divisions, enters what its reports show."""
    loader = "ledger_loader"
    own = f"principal = (ledger_caller() ->> 'sub') and role = '{loader}'"
    rule = f"{own}\n    and {_range('access_log', (loader,))}"
    return [
        f"grant insert ({ENTRY}) on access_log to ledger_{loader}",
        f"create policy {loader} on access_log for insert to ledger_{loader} with check (\n    {rule})",
    ]
