"""What rows in bulk are written with beside `writes`: columns given one by one, and the series they move on."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import orjson

from app.kernel.fields import Reference
from app.kernel.record_type import RecordType

# These travel as they are; the rest as text, which Postgres casts.
_NATIVE = {"INTEGER": "int", "BIGINT": "bigint", "BOOLEAN": "boolean", "UUID": "uuid"}


def given_sql(t: RecordType, typed: tuple[str, ...]) -> str:
    """The relation of one row with what a source row gives: its `values`, or the columns given one by one."""
    if not typed:
        return f"jsonb_populate_record(null::{t.table}, resolved.values)"
    own = [c for f in t.fields if f.copied is None and not isinstance(f, Reference) for c in f.columns]
    columns = (f"resolved.v_{c} as {c}" if c in typed else f"null::{column_type(t, c)} as {c}" for c in (*own, "note"))
    return f"lateral (select {', '.join(columns)})"


def highest_sql(relation: str) -> str:
    """The highest number of each series among rows that have both: a given number moves its series on."""
    rest = "substr(number, length(series) + 1)"
    return (
        f"select jurisdiction, series, max({rest}::int) as last from {relation}"
        f" where starts_with(number, series) and length({rest}) between 1 and 9"
        f" and translate({rest}, '0123456789', '') = '' group by 1, 2"  # a fifth of the time of a pattern
    )


def counted_sql(t: RecordType) -> str:
    """The answer of an insert in bulk: how many rows were written, and the highest number of each series."""
    highest = f"(select jsonb_object_agg(series, last)::text from ({highest_sql('resolved')}) s)"
    return f"select (select count(*) from written) as written, {'null' if t.numbering.formula else highest} as highest"


@cache
def column_type(t: RecordType, column: str) -> str:
    """The type of a column, as its table declares it."""
    from app.kernel.tables import metadata

    return str(metadata.tables[t.table].c[column].type.compile(dialect=_dialect()))


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from sqlalchemy.dialects.postgresql import dialect

    return dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


# Several writes of one statement hold the locks of all while they wait for that of one: not for long, or a longer
# transaction that needs one of them, such as an import, might be ended as the victim of a deadlock.
IMPATIENT = "(select set_config('lock_timeout', '200ms', true)) is not null"


@lru_cache(maxsize=1024)
def columns_source(t: RecordType, typed: tuple[str, ...]) -> str:
    """A source of new rows of one sheet from arrays.

    $2 jurisdiction, $3 sheet, $4 ids, $5 numbers, $6 states, $7 lines, $8 lists of references in JSON; then columns.
    """
    given, arrays, names = _columns(t, typed, 9)
    return f"""select x.id, $2::text as jurisdiction, null::int as version, x.number, x.state, x.lists::jsonb as values,
    true as imported, jsonb_build_object('sheet', $3::text, 'row', x.line) as line{given}
  from unnest($4::uuid[], $5::text[], $6::text[], $7::int[], $8::text[]{arrays})
    x(id, number, state, line, lists{names})"""


@lru_cache(maxsize=1024)
def requests_source(t: RecordType, typed: tuple[str, ...]) -> str:
    """A source of new rows of several requests from arrays.

    $2 jurisdiction, $3 state, $4 ids, $5 numbers, $6 lists of references in JSON; then columns.
    """
    given, arrays, names = _columns(t, typed, 7)
    return f"""select x.id, $2::text as jurisdiction, null::int as version, x.number, $3::text as state,
    x.lists::jsonb as values, false as imported, null::jsonb as line{given}
  from unnest($4::uuid[], $5::text[], $6::text[]{arrays}) x(id, number, lists{names}) where {IMPATIENT}"""


def _columns(t: RecordType, typed: tuple[str, ...], first: int) -> tuple[str, str, str]:
    """Columns that come one by one: as they are selected, their arrays, and their names."""
    kinds = [column_type(t, c) for c in typed]
    arrays = "".join(f", ${i}::{_NATIVE.get(kind, 'text')}[]" for i, kind in enumerate(kinds, first))
    given = "".join(
        f", x.v_{c} as v_{c}" if kind in _NATIVE or kind == "TEXT" else f", x.v_{c}::{kind} as v_{c}"
        for c, kind in zip(typed, kinds, strict=True)
    )
    return given, arrays, "".join(f", v_{c}" for c in typed)


def lists_of(t: RecordType, values: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """The lists of references of rows, as both sources take them."""
    lists = t.list_columns
    return [orjson.dumps({c: v[c] for c in lists if c in v}).decode() if lists else None for v in values]


def column_of(t: RecordType, column: str, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
    """A column of rows in stored form, as `columns_source` takes it."""
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
