"""How the rows of a statement that writes many travel: column by column, and not as the `values` of each."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, islice, repeat
from typing import Any

import orjson

from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType

# A column of rows travels as the bytes of one text: of an array, the driver makes what Postgres wants item by item, and
# of a text only when the connection is free, while Postgres waits (5 of the 57 us of an imported row). No text of a
# record holds control characters (values.py), and JSON writes them otherwise.
SEPARATOR, ABSENT = "\x1f", "\x1e"
_SPLIT = r"string_to_array(convert_from(${}::bytea, 'UTF8'), E'\x1f', E'\x1e')"

_ID, _NUMBER, _LISTS = ("id", "uuid"), ("number", "text"), ("lists", "jsonb")


def given_sql(t: RecordType, typed: tuple[str, ...]) -> str:
    """The relation of one row with what a source row gives: its `values`, or the columns given one by one."""
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


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from sqlalchemy.dialects.postgresql import dialect

    return dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


# Several writes of one statement hold the locks of all while they wait for that of one: not for long, or a longer
# transaction that needs one of them, such as an import, might be ended as the victim of a deadlock.
IMPATIENT = "(select set_config('lock_timeout', '200ms', true)) is not null"


def varying(columns: Iterable[Sequence[Any]], before: Iterable[bool] = ()) -> tuple[bool, ...]:
    """Which columns of rows travel as such: of one that is the same in all rows, the value travels once.

    The first does, because there must be one for the rows to come from, and so does what did in the rows `before`: a
    column that seldom varies would else need another statement from batch to batch.
    """
    varied = chain(before, repeat(False))
    found = (was or c[0] != c[-1] or c.count(c[0]) < len(c) for was, c in zip(varied, columns, strict=False))
    return (True, *islice(found, 1, None))


def travelling(columns: Iterable[Sequence[Any]], varies: Iterable[bool]) -> list[Any]:
    """Columns of rows as arguments of a statement."""
    return [packed(c) if own else _text(c[0]) for c, own in zip(columns, varies, strict=True)]


def packed(column: Sequence[Any]) -> bytes:
    """A column of rows as it travels. Raises ValueError if a value holds what stands between two."""
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
    """SQL of columns (name, type) whose arguments begin at `first`, and the FROM item `x`."""
    given, texts = [], []
    for i, ((name, kind), own) in enumerate(zip(columns, varies, strict=True), first):
        cast = "" if kind.lower() == "text" else f"::{kind}"
        given.append(f"x.{name}{cast}" if own else f"${i}::text{cast}")
        if own:
            texts.append(f"unnest({_SPLIT.format(i)}) as {name}")
    # In the list and not in FROM, where Postgres would first store what each array holds apart.
    return given, f"(select {', '.join(texts)}) x"


@lru_cache(maxsize=1024)
def columns_source(t: RecordType, typed: tuple[str, ...], varies: tuple[bool, ...]) -> str:
    """A source of new rows of one sheet, each with its line and its place in the plan.

    $2 jurisdiction, $3 sheet, $4 import; then ids, numbers, states, lines, places, lists of references in JSON, and the
    columns.
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
    """A source of new rows of several requests.

    $2 jurisdiction, $3 state; then ids, numbers, lists of references in JSON, and the columns.
    """
    columns = [_ID, _NUMBER, _LISTS, *((f"v_{c}", column_type(t, c)) for c in typed)]
    (record_id, number, lists, *values), rows = unnested(columns, [True] * len(columns), 4)
    given = "".join(f", {value} as v_{c}" for value, c in zip(values, typed, strict=True))
    return f"""select {record_id} as id, $2::text as jurisdiction, null::int as version, {number} as number,
    $3::text as state, {lists} as values, false as imported, null::jsonb as line{given}
  from {rows} where {IMPATIENT}"""


def lists_of(t: RecordType, values: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """The lists of references of rows, as both sources take them."""
    lists = t.list_columns
    return [orjson.dumps({c: v[c] for c in lists if c in v}).decode() if lists else None for v in values]


def stored_column(t: RecordType, column: str, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
    """A column of rows in stored form, as the sources above take it."""
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
