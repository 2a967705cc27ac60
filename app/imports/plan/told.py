"""What an import may tell its maker of what the system holds."""

from app.imports.plan.plan_rows import CONFLICT
from app.kernel.declare.fields import Field
from app.kernel.store import RequestContext

# SQL over a row of an import, `told` or not: whether its answer shows what the record held.
SHOWS_STORED = f"""told and version is not null and (changes <> '[]' or merged -> 'kept' <> '[]'
          or errors @> '[{{"code": "{CONFLICT}"}}]')"""


def tells(ctx: RequestContext, f: Field | None) -> bool:
    """Whether the import may show what the system holds in a field of a record that a row stands for.

    To a loader nothing starred. From any other who imports a type nothing of it is hidden (`Right.imports`).
    """
    return not (ctx.caller.importing and f is not None and f.secret)


def still_told(ctx: RequestContext) -> str:
    """SQL for whether a row of an import may still show what its record held: not of one that is hidden today.

    The row was made by the rights of its day. Since then the record may have come to be about the maker's kin.
    """
    hidden = [
        f"type = '{t.path}' and version is not null and not exists (select from {t.table} x where x.id = record_id)"
        for t in ctx.runtime.registry
        if ctx.view.right(t).spares_kin
    ]
    return f"({' or '.join(hidden)}) is not true" if hidden else "true"
