"""The policies of record tables and of revisions, made from the access that each type declares.

The caller guard (`set_caller`) looks the caller up in `principal` once in every statement, and with it the rounds and
teams that a unit or a team has learnt of. What a disabled, moved or merged account may see changes with the next
statement, for tokens already issued, too. Policies read what the guard found, each as an uncorrelated sub-select: one
look-up for a statement and not one for each of its policies.
"""

from collections.abc import Iterator

from app.kernel.declare.access import COUNTING, PLACES, READERS, ROLES, Right
from app.kernel.declare.record_type import RecordType, Registry
from app.kernel.schema.statements import listed, roles


def standing(role: str, column: str) -> str:
    """A column of the caller's own entry, as long as it is open and has this role."""
    return f"(select caller_grants() -> '{role}' ->> '{column}')"


def keys(role: str) -> str:
    """The team or units of the caller: what an audience is compared with."""
    return f"{standing(role, 'keys')}::uuid[]"


def found(role: str) -> dict[str, str]:
    """What stands for the names in a condition of an access: `keys`, and the `rounds` and `teams` it has learnt of.

    Each is made an array once a statement. Outside of its sub-select that were done for every row: 3 µs of ten of them.
    """
    own = f"(select (caller_grants() -> '{role}' ->> 'keys')::uuid[])::uuid[]"
    return {"keys": own, **{name: f"(select caller_{name}())::uuid[]" for name in PLACES}}


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
OF_THE_LEDGER = (("system", "all", ()), ("importing", "all", ("ledger_loader",)), ("figures", "select", COUNTING))


def in_range(table: str, among: tuple[str, ...] = ()) -> str:
    """The divisions that the caller is bound to, exactly or by prefix; none where it has another role than these."""
    grants = ",\n      ".join(f"caller_grants() -> '{role}'" for role in among or ("any",))
    low, high = (f"(select coalesce({grants}) ->> '{column}')" for column in ("low", "high"))
    return f"{table}.jurisdiction >= {low}\n    and {table}.jurisdiction < {high}"


COUNTED = ("jurisdiction", "id", "number", "state")  # what figures read of every record


def record_policies(t: RecordType, counted: tuple[str, ...] = ()) -> Iterator[str]:
    """One policy for each role that sees, creates or changes; a role without one sees no row.

    Every role may ask, so that its answer is that of an absent record. A role that sees only some records may hand one
    on out of its own sight, which its own policy refuses: then the system role writes it, once the role is known to
    see it (decision 14).

    counted   columns that figures read, beside those that every record has
    """
    yield "-- Who sees, creates and changes them"
    yield f"grant select on {t.table} to {roles(*ROLES)}"
    yield f"grant select, insert, update on {t.table} to {roles('system', 'importing')}"
    yield f"grant select ({listed((*COUNTED, *counted))}) on {t.table} to ledger_figures"
    for name, verbs, among in OF_THE_LEDGER:
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
    if right.creates:
        yield f"create policy {role}_creates on {t.table} for insert to ledger_{role} with check (\n    {rule})"
    if "update" in written:
        yield f"create policy {role}_changes on {t.table} for update to ledger_{role} using (\n    {rule})"


def revision_policies(registry: Registry) -> Iterator[str]:
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
