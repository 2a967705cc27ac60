"""What a caller may do with a record of any type, as one function: for what belongs to a record (`fields.AnyRecord`).

The function runs as its caller, so that the policies of the record's own table decide whether it exists. Where a member
of the record is hidden from the caller, what belongs to it is, too: a file may tell what was masked.
"""

from collections.abc import Iterator

from app.kernel.declare.fields import AnyRecord
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema import rights
from app.kernel.schema.calls import NAMING
from app.kernel.sql.projection import RoleView, role_view
from app.roles import READERS

READ, ACT, CHANGE = "read", "act", "change"
NAME = "record_allows"


def allows(verb: str, table: str = "{0}") -> str:
    """SQL for whether the caller may do this with the record to which a row belongs."""
    return f"{NAME}('{verb}', {table}.record_type, {table}.jurisdiction, {table}.record_id)"


def record_right_statements(registry: Registry) -> Iterator[str]:
    """The function: by the caller's database role, then by the type of the record."""
    roles = "".join(
        f"\n  when 'ledger_{role}' then\n    case kind{''.join(_by_type(role_view(registry, role)))}"
        "\n    else return false;\n    end case;"
        for role in READERS
    )
    yield (
        f"create function {NAME}(verb text, kind text, code text, record uuid) returns boolean\n"
        f"  language plpgsql stable set search_path = public, pg_temp as $$\nbegin\n  case current_user{roles}"
        "\n  else return false;\n  end case;\nend $$"
    )
    yield f"grant execute on function {NAME}(text, text, text, uuid) to {', '.join(NAMING)}"
    yield (
        f"comment on function {NAME}(text, text, text, uuid) is 'Whether the caller reads a record in full, may act on"
        " it, or may change it.'"
    )


def _by_type(view: RoleView) -> Iterator[str]:
    for t in view.registry:
        if t.access.of(view.role) and not t.of_kind(AnyRecord):
            yield (
                f"\n    when '{t.path}' then return exists (select from {t.table} x where x.jurisdiction = code"
                f" and x.id = record\n      and ({_in_full(view, t)}) and (verb = '{READ}'{_writes(view, t)}));"
            )


def _in_full(view: RoleView, t: RecordType) -> str:
    return "false" if view.right(t).hides.members else view.in_full(t, "x")


def _writes(view: RoleView, t: RecordType) -> str:
    """SQL for what more than reading is allowed; '' where nothing is."""
    right = view.right(t)
    verbs = [verb for verb, allowed in ((ACT, right.changes or right.acts), (CHANGE, right.changes)) if allowed]
    if not verbs:
        return ""
    conditions = [f"verb in ({rights.quoted(verbs)})", f"x.state <> '{VOIDED}'"]
    conditions += [f"x.state in ({rights.quoted(right.while_in)})"] if right.while_in else []
    conditions += [where] if (where := rights.may_write(right, "x", rights.document_scope(view.role))) else []
    return f" or {' and '.join(conditions)}"
