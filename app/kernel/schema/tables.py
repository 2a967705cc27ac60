"""The table of a record type, made from its fields: `alembic revision --autogenerate` writes migrations from it.

The primary key is `(id, jurisdiction)` and a reference is `(jurisdiction, x_id)`, so that no reference crosses a
jurisdiction. Beside the identifier a row keeps the number of the referenced record. Numbers never change, so that
answers, lists and old versions need no join (docs/decisions/0004-numbers-beside-references.md).
"""

from functools import partial, singledispatch

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_1_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)
ENTERED_BY_TEAM = "entered_by_team"
ABOUT_AS_ENTERED = "about_as_entered"
# In the `info` of a column: a default that calls a function of ours. A migration makes the column without it, and the
# installed schema sets it, because the functions are made after the tables.
CALLED = "called"


def code_column() -> Column[str]:
    """The jurisdiction. It is part of every key, and compared byte by byte, so that a prefix is a range."""
    return Column("jurisdiction", Text(collation="C"), nullable=False)


@singledispatch
def columns_of(f: kinds.Field) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    """The columns of a field."""
    raise NotImplementedError(type(f).__name__)


def _column(f: kinds.Field, kind: object) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    required = f.required and f.writable
    return [Column(f.name, kind, nullable=not required)]  # type: ignore[arg-type]  # kinds differ


@columns_of.register
def _(f: kinds.Text) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return _column(f, Text())


@columns_of.register
def _(f: kinds.Sealed) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return [Column(f.digest_column, Text(), nullable=True)]


@columns_of.register
def _(f: kinds.Whole) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return _column(f, BigInteger() if f.money else Integer())


@columns_of.register
def _(f: kinds.Flag) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return _column(f, Boolean())


@columns_of.register
def _(f: kinds.Day) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return _column(f, Date())


@columns_of.register
def _(f: kinds.Choice) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return _column(f, ARRAY(Text()) if f.many else Text())


@columns_of.register
def _(f: kinds.Lines) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return _column(f, ARRAY(Text()))


@columns_of.register
def _(f: kinds.Quantity | kinds.Entries) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    return _column(f, JSONB())


@columns_of.register
def _(f: kinds.AnyRecord) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    record_id, number = f.columns
    return [Column(record_id, UUID(), nullable=False), Column(number, Text(), nullable=False)]


@columns_of.register
def _(f: kinds.Reference) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    one, other = (ARRAY(UUID()), ARRAY(Text())) if f.many else (UUID(), Text())
    required = f.required and f.writable
    return [
        Column(f.id_column, one, nullable=not required),
        Column(f.number_column, other, nullable=not required),
    ]


def _vocabularies(t: RecordType) -> list[CheckConstraint]:
    checks = [CheckConstraint(_among("state", t.lifecycle.labels), name="state")]
    for f in (f for f in t.of_kind(kinds.Choice) if f.checked):
        operator = f"{f.name} <@ array[{_quoted(f.terms.codes)}]" if f.many else _among(f.name, f.terms.codes)
        checks.append(CheckConstraint(operator, name=f.name))
    checks += [CheckConstraint(rule, name=name) for name, (rule, _) in t.constraints.items() if rule]
    return checks


def _quoted(codes: object) -> str:
    return ", ".join(f"'{code}'" for code in codes)  # type: ignore[attr-defined]  # any iterable of codes


def _among(column: str, codes: object) -> str:
    return f"{column} in ({_quoted(codes)})"


def _references(t: RecordType, registry: Registry) -> list[ForeignKeyConstraint]:
    return [
        ForeignKeyConstraint(
            ["jurisdiction", f.id_column],
            [f"{registry.by_path[f.to].table}.jurisdiction", f"{registry.by_path[f.to].table}.id"],
            name=f"fk_{t.table}_{f.id_column}",
        )
        for f in t.references
        if not f.many
    ]


def _audience(t: RecordType) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    """Whom the record concerns: generated from its own columns, or kept by a trigger (`schema/kept_columns.py`)."""
    declared = t.access.audience
    if declared and not declared.looks_at:
        own = declared.sql.replace("{0}.", "").format()  # a generated column names the columns beside it without a row
        kept = Computed(f"coalesce(array_remove({own}, null), '{{}}')", persisted=True)
        audience: Column[object] = Column("audience", ARRAY(UUID()), kept)
    else:
        audience = Column("audience", ARRAY(UUID()), nullable=False, server_default=text("'{}'"))
    if not (declared and declared.entered_by_team):
        return [audience]
    return [Column(ENTERED_BY_TEAM, UUID(), info={CALLED: "entering_team()"}), audience]


def _about(t: RecordType) -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    """The units that the record is about, and the accounts recused from it, kept by triggers."""
    about = t.access.about
    if not about:
        return []
    units = ("about", ABOUT_AS_ENTERED) if about.as_entered else ("about",)
    kept = [(name, ARRAY(UUID())) for name in units] + [("recused", ARRAY(Text()))]
    return [Column(name, kind, nullable=False, server_default=text("'{}'")) for name, kind in kept]


def _indexes(t: RecordType) -> list[Index]:
    """The indexes. Each begins with the column that tells its rows apart: most databases hold one jurisdiction, which
    would be compared in vain at each step if it came first.

    The indexes for the newest of a list are in ascending order, and lists read them backwards: new entries then go to
    the end, and pages stay full (docs/decisions/0021-indexes-in-order.md).
    """
    newest = ("jurisdiction", "created_at", "id")
    indexes = [Index(f"ix_{t.table}_newest", *newest)]
    for f in t.references:
        if f.many:
            indexes.append(Index(f"ix_{t.table}_{f.id_column}", f.id_column, postgresql_using="gin"))
        elif f.name in ("round", "team"):  # lists are asked for the newest of a round or team
            name = f"ix_{t.table}_{'round' if f.name == 'round' else f.id_column}"
            indexes.append(Index(name, f.id_column, *newest))
        else:
            indexes.append(Index(f"ix_{t.table}_{f.id_column}", f.id_column, "jurisdiction"))
    indexes += [Index(f"ix_{t.table}_{f.columns[0]}", f.columns[0], "jurisdiction") for f in t.of_kind(kinds.AnyRecord)]
    for f in t.of_kind(kinds.Sealed):
        indexes.append(Index(f"ix_{t.table}_{f.digest_column}", f.digest_column, "jurisdiction"))
    if t.access.compares_audience:
        # Without GIN's pending list, which every list of a unit would read through: 0.4 of 1.2 ms.
        name, unqueued = f"ix_{t.table}_audience", {"fastupdate": "off"}
        indexes.append(Index(name, "audience", postgresql_using="gin", postgresql_with=unqueued))
    if since := t.access.units_see_since:  # the newest of a unit, of the records that it sees
        seen = text(f"{since} is not null")
        indexes.append(Index(f"ix_{t.table}_of_unit", "unit_id", *newest, postgresql_where=seen))
    live = text("state <> 'voided'")
    for name, (first, *others) in t.unique.items():
        # What is null in two of them is the same.
        alike = bool({c for f in t.fields if not f.required for c in f.columns} & {first, *others})
        made = partial(
            Index, f"uq_{t.table}_{name}", first, "jurisdiction", *others, unique=True, postgresql_where=live
        )
        indexes.append(made(postgresql_nulls_not_distinct=True) if alike else made())
    return indexes


def declare(registry: Registry) -> None:
    """Declare the table of every record type in `metadata`, once for the process."""
    for t in registry:
        if t.table not in metadata.tables:
            record_table(t, registry)


def record_table(t: RecordType, registry: Registry) -> Table:
    """The table of a record type, with the columns that every type has."""
    return Table(
        t.table,
        metadata,
        code_column(),
        Column("id", UUID(), nullable=False),
        Column("number", Text(), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("state", Text(), nullable=False),
        *(column for f in t.fields for column in columns_of(f)),
        Column("note", Text()),
        Column("imported", Boolean(), nullable=False, server_default=text("false")),
        Column("ledger_line", JSONB()),  # sheet and row of the last import that wrote it
        *_audience(t),
        *_about(t),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("created_by", Text(), nullable=False),
        Column("created_by_role", Text()),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("updated_by", Text(), nullable=False),
        Column("updated_by_role", Text()),
        PrimaryKeyConstraint("id", "jurisdiction"),
        UniqueConstraint("number", "jurisdiction", name=f"uq_{t.table}_jurisdiction_number"),
        *_vocabularies(t),
        *_references(t, registry),
        *_indexes(t),
        comment=t.label,
    )
