"""What an import may tell its maker of what the system holds."""

from typing import Any

from app.imports.plan.plan_rows import CONFLICT, CONFLICT_UNSEEN
from app.kernel.declare.fields import Field
from app.kernel.store import RequestContext
from app.sentences import SENTENCES

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


def with_sentences(problems: Any, language: str, told: bool = True) -> list[dict[str, Any]]:
    """Stored problems with their sentences in a language, as the API answers them.

    `told`: whether what the record held may be told. The sentence that shows it is otherwise the one that does not.
    """
    items = []
    for p in problems:
        if not told and p["code"] == CONFLICT:
            p = {**p, "code": CONFLICT_UNSEEN, "params": {}}
        item = {"column": p["column"], "code": p["code"], "message": SENTENCES[p["code"]].say(language, p["params"])}
        if p["code"] == CONFLICT:
            item |= p["params"]
        items.append({**item, "allowed": p["allowed"]} if p["allowed"] else item)
    return items
