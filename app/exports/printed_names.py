"""The names by which a printed ledger refers to units, teams and categories, where an import finds them by that name.

Where it would not, because two have the name or it holds the separator of a list, the number stands.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from app.exports.ledger_columns import LedgerColumn
from app.imports.files.cells import fold_name, is_blank, split
from app.kernel import store
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER
from app.kernel.store import RequestContext

Named = Mapping[str, tuple[str, tuple[str, ...]]]  # number -> its name, and what whoever names it must share with it


async def named(ctx: RequestContext, target: RecordType, connection: Any) -> Named:
    """The records of a type that a row may name."""
    rows = await store.ledger_names(ctx, target, connection)
    times = Counter((fold_name(row["name"]), *row["within"]) for row in rows)
    return {
        row["number"]: (row["name"], tuple(row["within"]))
        for row in rows
        if times[(fold_name(row["name"]), *row["within"])] == 1 and _plain(row["name"])
    }


def _plain(name: str) -> bool:
    return split(name, "names") == [name] and not (is_blank(name) or NUMBER.match(name))


def naming(
    t: RecordType, c: LedgerColumn, target: RecordType, known: Named
) -> Callable[[Mapping[str, Any]], str | None]:
    """What writes the cell of a reference: names where they are known, else numbers."""
    assert isinstance(c.field, Reference)
    members = [t.reference(name).id_column for name in target.ledger_name.within] if target.ledger_name else []
    many = c.field.many

    def shown(number: str, shared: tuple[str, ...]) -> str:
        name, within = known.get(number, ("", ()))
        return name if name and within == shared else number

    def write(document: Mapping[str, Any]) -> str | None:
        value, shared = document[c.member], tuple(document[m] for m in members)
        if many:
            return "、".join(shown(number, shared) for number in value if number)
        return shown(value, shared)

    return write


async def printed_names(
    ctx: RequestContext, t: RecordType, columns: tuple[LedgerColumn, ...], connection: Any
) -> dict[str, Callable[[Mapping[str, Any]], str | None]]:
    """What writes the cells of each reference by member, of the types that have names."""
    found, known = {}, dict[str, Named]()
    own = {f.name for f in t.references}
    for c in columns:
        if not isinstance(c.field, Reference):
            continue
        target = ctx.runtime.registry.by_path[c.field.to]
        if target.ledger_name is None or not own.issuperset(target.ledger_name.within):
            continue
        if target.path not in known:
            known[target.path] = await named(ctx, target, connection)
        found[c.member] = naming(t, c, target, known[target.path])
    return found
