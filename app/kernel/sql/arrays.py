"""The rows of a bulk statement, sent to Postgres column by column.

Trick: a column is packed into the bytes of one text. From a list the driver would make what Postgres wants item by
item, and only once the connection is free, while Postgres waits: 5 of the 57 µs of an imported row.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, islice, repeat
from typing import Any

import orjson

from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType

# What stands between two values of a packed column, and in the place of a value that is absent. No text of a record
# holds control characters (declare/values.py), and JSON escapes them.
SEPARATOR, ABSENT = "\x1f", "\x1e"
_SPLIT = r"string_to_array(convert_from(${}::bytea, 'UTF8'), E'\x1f', E'\x1e')"

_ID, _NUMBER, _LISTS = ("id", "uuid"), ("number", "text"), ("lists", "jsonb")


def given_sql(t: RecordType, typed: tuple[str, ...]) -> str:
    """FROM item of what a source row gives: its `values` as a record, or the columns that it gives one by one."""
    if not typed:
        return f"jsonb_populate_record(null::{t.table}, resolved.values)"
    own = [c for f in t.fields if f.copied is None and not isinstance(f, Reference) for c in f.columns]
    columns = (f"resolved.v_{c} as {c}" if c in typed else f"null::{column_type(t, c)} as {c}" for c in (*own, "note"))
    return f"lateral (select {', '.join(columns)})"


@cache
def column_type(t: RecordType, column: str) -> str:
    """The type of a column, as its table declares it."""
    from app.kernel.schema.tables import metadata

    return str(metadata.tables[t.table].c[column].type.compile(dialect=_dialect()))


def record_sql(t: RecordType, columns: Iterable[str], values: str) -> str:
    """FROM item: the row `v` with these columns, out of jsonb in stored form. Each column costs a look-up in it."""
    typed = ", ".join(f"{c} {column_type(t, c)}" for c in columns)
    return f"jsonb_to_record({values}) v({typed})" if typed else "(select) v"


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from sqlalchemy.dialects.postgresql import dialect

    return dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


# A batch holds the locks of all its rows while it waits for one more. It gives up after 200 ms: otherwise Postgres may
# end a longer transaction that needs one of them, such as an import, as the victim of a deadlock.
SHORT_LOCK_TIMEOUT = "(select set_config('lock_timeout', '200ms', true)) is not null"


def varying(columns: Iterable[Sequence[Any]], before: Iterable[bool] = ()) -> tuple[bool, ...]:
    """Which columns are sent row by row; of a column that is the same in all rows, the value is sent once.

    The first column always is, because the rows come from it. So is a column that varied in the rows `before`: a column
    that seldom varies would otherwise need another statement text from batch to batch.
    """
    varied = chain(before, repeat(False))
    found = (was or c[0] != c[-1] or c.count(c[0]) < len(c) for was, c in zip(varied, columns, strict=False))
    return (True, *islice(found, 1, None))


def packed_arguments(columns: Iterable[Sequence[Any]], varies: Iterable[bool]) -> list[Any]:
    """The arguments of a statement for these columns: packed, or one value."""
    return [packed(c) if own else _text(c[0]) for c, own in zip(columns, varies, strict=True)]


def packed(column: Sequence[Any]) -> bytes:
    """A column packed into one text, as bytes. Raises ValueError if a value holds the separator."""
    try:
        text = SEPARATOR.join(column)
    except TypeError:  # numbers, or what is absent
        text = SEPARATOR.join([ABSENT if v is None else str(v) for v in column])
    if text.count(SEPARATOR) != len(column) - 1:
        raise ValueError("a value holds a control character")
    return text.encode()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def unnested(columns: Iterable[tuple[str, str]], varies: Iterable[bool], first: int) -> tuple[list[str], str]:
    """SQL of columns (name, type) whose arguments begin at `$first`, and the FROM item `x` that unpacks them."""
    given, texts = [], []
    for i, ((name, kind), own) in enumerate(zip(columns, varies, strict=True), first):
        cast = "" if kind.lower() == "text" else f"::{kind}"
        given.append(f"x.{name}{cast}" if own else f"${i}::text{cast}")
        if own:
            texts.append(f"unnest({_SPLIT.format(i)}) as {name}")
    # unnest in the select list: in FROM, Postgres would first store the items of each array apart.
    return given, f"(select {', '.join(texts)}) x"


@lru_cache(maxsize=1024)
def columns_source(t: RecordType, typed: tuple[str, ...], varies: tuple[bool, ...]) -> str:
    """Row source of new records of one sheet, each with its line in the file and its place in the plan.

    $2 jurisdiction, $3 sheet, $4 import; then packed ids, numbers, states, lines, places, lists of references (JSON),
    and the typed columns.
    """
    counted = [("line", "int"), ("place", "int")]
    columns = [_ID, _NUMBER, ("state", "text"), *counted, _LISTS, *((f"v_{c}", column_type(t, c)) for c in typed)]
    (record_id, number, state, line, place, lists, *values), rows = unnested(columns, varies, 5)
    given = "".join(f", {value} as v_{c}" for value, c in zip(values, typed, strict=True))
    return f"""select {record_id} as id, $2::text as jurisdiction, null::int as version, {number} as number,
    {state} as state, {lists} as values, true as imported, jsonb_build_object('sheet', $3::text, 'row', {line}) as line,
    {line} as line_number, {place} as place{given}
  from {rows}"""


@lru_cache(maxsize=1024)
def requests_source(t: RecordType, typed: tuple[str, ...]) -> str:
    """Row source of new records of several requests.

    $2 jurisdiction, $3 state; then packed ids, numbers, lists of references (JSON), and the typed columns.
    """
    columns = [_ID, _NUMBER, _LISTS, *((f"v_{c}", column_type(t, c)) for c in typed)]
    (record_id, number, lists, *values), rows = unnested(columns, [True] * len(columns), 4)
    given = "".join(f", {value} as v_{c}" for value, c in zip(values, typed, strict=True))
    return f"""select {record_id} as id, $2::text as jurisdiction, null::int as version, {number} as number,
    $3::text as state, {lists} as values, false as imported, null::jsonb as line{given}
  from {rows} where {SHORT_LOCK_TIMEOUT}"""


def lists_of(t: RecordType, values: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """The lists of references of each row as JSON, as both row sources take them; None for a type without lists."""
    lists = t.list_columns
    return [orjson.dumps({c: v[c] for c in lists if c in v}).decode() if lists else None for v in values]


def stored_column(t: RecordType, column: str, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The values of one column in the text that the row sources take."""
    kind = column_type(t, column)
    values = [row.get(column) for row in rows]
    if kind == "JSONB":
        return [None if v is None else orjson.dumps(v).decode() for v in values]
    if kind.endswith("[]"):
        return [None if v is None else _array_text(v) for v in values]
    return values


def _array_text(items: Iterable[str]) -> str:
    """Postgres' text form of a list of texts."""
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in quoted) + "}"
