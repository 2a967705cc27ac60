"""The policies of record tables and of revisions, made from the access that each type declares.

What a right means in SQL stands in `schema/rights.py`; here are the policies that hold it.
"""

from collections.abc import Iterator

from app.kernel.declare.access import Right
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.rights import caller_grant, may_write, old_versions_seen, policy_scope, present, rows_seen
from app.kernel.schema.statements import listed, roles
from app.roles import READERS, ROLES, WORK_LIST_READERS


def condition(t: RecordType, role: str, right: Right) -> str:
    """Which rows of a type exist for a role, over the table's own name."""
    parts = [f"{t.table}.jurisdiction = {caller_grant(role, 'code')}"]
    scope = policy_scope(role)
    if seen := present(right, t.table, rows_seen(right.sees, t.table, scope), scope):
        parts.append(seen)
    if role == "partner_system":
        parts.append(f"'{t.path}' = any ({caller_grant(role, 'types')}::text[])")
    return "\n    and ".join(parts)


# Database roles of the service itself: name, verbs, and the roles of the callers for whom they act.
SERVICE_ROLES = (
    ("importing", "all", ("ledger_loader",)),
    ("figures", "select", WORK_LIST_READERS),
)


def in_system_range(table: str) -> str:
    """SQL: the row is of a division in which the system role acts in this transaction (become_system)."""
    low, high = (f"(select (system_range())[{n}])" for n in (1, 2))
    return f"{table}.jurisdiction >= {low}\n    and {table}.jurisdiction < {high}"


def in_range(table: str, among: tuple[str, ...] = ()) -> str:
    """SQL: the row is of a division to which the caller is bound, exactly or by prefix, in one of these roles."""
    grants = ",\n      ".join(f"caller_grants() -> '{role}'" for role in among or ("any",))
    low, high = (f"(select coalesce({grants}) ->> '{column}')" for column in ("low", "high"))
    return f"{table}.jurisdiction >= {low}\n    and {table}.jurisdiction < {high}"


COUNTED = ("jurisdiction", "id", "number", "state")  # what figures read of every record


def record_policies(t: RecordType, counted: tuple[str, ...] = ()) -> Iterator[str]:
    """One policy for each role that sees, creates or changes; a role without one sees no row.

    Every role has the grant to select, so that a role without a policy is answered as if the record were absent. A role
    that sees only some records may change one in such a way that it no longer sees it. Its own policy refuses that row,
    so the system role writes it, after a check that the caller sees the record (decision 14).

    counted   columns that figures read, beside those that every record has
    """
    yield "-- Who sees, creates and changes them"
    yield f"grant select on {t.table} to {roles(*ROLES)}"
    yield f"grant select, insert, update on {t.table} to {roles('system', 'importing')}"
    yield f"grant select ({listed((*COUNTED, *counted))}) on {t.table} to ledger_figures"
    yield f"create policy system on {t.table} to ledger_system using (\n    {in_system_range(t.table)})"
    for name, verbs, among in SERVICE_ROLES:
        yield f"create policy {name} on {t.table} for {verbs} to ledger_{name} using (\n    {in_range(t.table, among)})"
    for role in READERS:
        if right := t.access.of(role):
            yield from _role_policies(t, role, right)


def _role_policies(t: RecordType, role: str, right: Right) -> Iterator[str]:
    rule = condition(t, role, right)
    written = (["insert"] if right.creates else []) + (["update"] if right.changes or right.acts else [])
    if written:
        yield f"grant {', '.join(written)} on {t.table} to ledger_{role}"
    yield f"create policy {role} on {t.table} for select to ledger_{role} using (\n    {rule})"
    if where := may_write(right, t.table, policy_scope(role)):
        rule += f"\n    and {where}"
    if right.creates:
        yield f"create policy {role}_creates on {t.table} for insert to ledger_{role} with check (\n    {rule})"
    if "update" in written:
        yield f"create policy {role}_changes on {t.table} for update to ledger_{role} using (\n    {rule})"


def revision_policies(registry: Registry) -> Iterator[str]:
    """The old versions that a role may read. Statements join them to the record, which must be visible as well."""
    for role in READERS:
        yield f"grant select on revision to ledger_{role}"
        yield (
            f"create policy {role} on revision for select to ledger_{role} using (\n"
            f"    jurisdiction = {caller_grant(role, 'code')}\n    and {old_versions_seen(registry, role)})"
        )
