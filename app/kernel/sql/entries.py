"""SQL for fields with entries (`fields.Entries`): what a reader sees of them, and what an action adds to them.

The n-th entry is about the n-th record of the list of references beside it. An entry whose record does not exist for
the reader is left out: its texts would tell what the record is.
"""

from collections.abc import Mapping

from app.kernel.declare.fields import Entries, Reference
from app.kernel.declare.lifecycle import Transition
from app.kernel.declare.record_type import RecordType


def seen_entries(f: Entries, kept: Reference, table: str, row: str, sees_every: bool) -> str:
    """The entries of a row as JSON, each with its record, under the caller's own policies; null where there are none.

    `table` is that of the records which the entries name; `sees_every` says that all of these exist for the role.
    """
    assert f.names
    pair = f"jsonb_build_object('{f.names.id_column}', {{id}}, '{f.names.number_column}', {{number}}) || e.x"
    found = f"jsonb_array_elements({row}.{f.name}) with ordinality e(x, n)"
    if sees_every:
        whole = pair.format(id=f"{row}.{kept.id_column}[e.n]", number=f"{row}.{kept.number_column}[e.n]")
    else:
        whole = pair.format(id="k.id", number="k.number")
        found += f" join {table} k on k.jurisdiction = {row}.jurisdiction and k.id = {row}.{kept.id_column}[e.n]"
    entries = f"select coalesce(jsonb_agg({whole} order by e.n), '[]') from {found}"
    return f"case when {row}.{f.name} is not null then ({entries}) end"


def entry_is_hidden(kept: Reference, table: str, row: str) -> str:
    """SQL for whether an entry of the row is left out of what the caller reads."""
    return (
        f"exists (select from unnest({row}.{kept.id_column}) i(id) where not exists (select from {table} k"
        f" where k.jurisdiction = {row}.jurisdiction and k.id = i.id))"
    )


def named_join(kept: Reference, table: str, code: str, live: str) -> str:
    """FROM item: the records that the entries of a source row name, each by its number or its identifier or both."""
    keys = ", ".join(
        f"jsonb_array_elements_text(case when jsonb_typeof(source.values -> '{c}') = 'array'"
        f" then source.values -> '{c}' end)"
        for c in (kept.id_column, kept.number_column)
    )
    return (
        f"cross join lateral (select array_agg(x.id order by e.n) as id, array_agg(x.number order by e.n) as number,"
        f" min(x.jurisdiction) as jurisdiction, count(distinct x.id) as found"
        f" from rows from ({keys}) with ordinality e(id, number, n)"
        f" join {table} x on x.jurisdiction = {code} and (x.id = e.id::uuid or (e.id is null and x.number = e.number))"
        f" and (e.number is null or x.number = e.number) and {live}"
        f") r_{kept.name}"
    )


def added(t: RecordType, transition: Transition, given: Mapping[str, str]) -> Mapping[str, str]:
    """column -> SQL of the lists to which an action adds what is given, each new entry stamped as the action says."""
    sets = {}
    stamps = ", ".join(f"'{member}', {value}" for member, value in transition.stamps.items())
    for name in (n for n in transition.adds if n in given):
        new = f"(select jsonb_agg(jsonb_build_object({stamps}) || e.x order by e.n)"
        new += f" from jsonb_array_elements(s.v_{name}) with ordinality e(x, n))"
        sets[name] = f"coalesce(t.{name}, '[]') || coalesce({new}, '[]')"
    for f, kept in t.named_in_entries:
        if f.name in transition.adds and kept.id_column in given:
            more = given[kept.id_column] != "null"  # an empty list adds nothing
            sets |= {c: f"coalesce(t.{c}, '{{}}') || s.{c}" if more else f"t.{c}" for c in kept.columns}
    return sets
