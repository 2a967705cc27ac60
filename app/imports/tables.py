"""The tables of imports: each import, its plan row by row, and the rights on the queue of jobs."""

from collections.abc import Iterator

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from app.db.types import XID8
from app.imports.jobs import STATES
from app.kernel.declare.registry import Registry
from app.kernel.schema.policies import in_range, in_system_range
from app.kernel.schema.rights import caller_grant
from app.kernel.schema.statements import among, roles, secured
from app.kernel.schema.tables import metadata
from app.roles import READERS, ROLES

EMPTY_LIST, NONE_YET = text("'[]'"), text("0")

IMPORT_JOB = Table(
    "import_job",
    metadata,
    Column("id", UUID(), nullable=False),
    Column("maker", Text(), nullable=False),
    Column("belongs_to", UUID(), nullable=False, comment="Its maker, in the role and bound as when the file was sent"),
    Column("jurisdiction", Text(collation="C")),
    Column("state", Text(), nullable=False),
    Column("mode", Text(), nullable=False),
    Column("on_error", Text(), nullable=False),
    Column("allow_register_changes", Boolean(), nullable=False, server_default=text("false")),
    Column("type", Text()),
    Column("mapping", JSONB(), comment="What was sent with the file of what its headings mean"),
    Column("remember", Boolean(), nullable=False, server_default=text("false")),
    Column("file_name", Text()),
    Column("media", Text(), nullable=False),
    Column("sha256", Text(), nullable=False),
    Column("encoding", Text()),
    Column("done", Integer(), nullable=False, server_default=NONE_YET),
    Column("total", Integer(), nullable=False, server_default=NONE_YET),
    Column("sheets", JSONB(), nullable=False, server_default=EMPTY_LIST),
    Column("problem", JSONB()),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("checked_at", DateTime(timezone=True), comment="When its whole plan was stored"),
    Column("finished_at", DateTime(timezone=True)),
    Column(
        "rows_removed_at",
        DateTime(timezone=True),
        comment="When the rows of the import were removed; its counts stay.",
    ),
    Column("written_in", XID8(), comment="The transaction that wrote the records: their revisions bear it."),
    Column("undone_in", XID8(), comment="The transaction of the last undo, which a redo puts back."),
    Column("undo", JSONB(), comment="Of the last undo or redo: which, when, and how many records."),
    PrimaryKeyConstraint("id"),
    CheckConstraint(among("state", STATES), name="state"),
    CheckConstraint(among("mode", ("preview", "commit")), name="mode"),
    CheckConstraint(among("on_error", ("reject_all", "skip_rows")), name="on_error"),
    comment="An import: a file, its state and its result. Visible to its maker alone, in one role and bound alike.",
)
# Without a foreign key to the import: it would be looked up for each row of a plan.
IMPORT_ROW = Table(
    "import_row",
    metadata,
    Column("import_id", UUID(), nullable=False, comment="The import whose job has written the row"),
    Column("n", Integer(), nullable=False),
    Column("belongs_to", UUID(), nullable=False),
    Column("sheet", Text()),
    Column("line_number", Integer(), nullable=False),
    Column("type", Text()),
    Column("result", Text(), nullable=False),
    Column("jurisdiction", Text(collation="C")),
    Column("record_id", UUID()),
    Column("version", Integer()),
    Column("number", Text()),
    Column("state", Text()),
    Column(
        "key",
        Text(),
        comment="The number or natural key that the row gives: two rows of one key are one record.",
    ),
    Column(
        "values",
        JSONB(),
        comment="What is still to be written; null where nothing is, or where it is written already.",
    ),
    Column("errors", JSONB(), nullable=False, server_default=EMPTY_LIST),
    Column("warnings", JSONB(), nullable=False, server_default=EMPTY_LIST),
    Column("changes", JSONB(), nullable=False, server_default=EMPTY_LIST),
    Column(
        "follows",
        Integer(),
        comment="The first row that is rejected for the same reason alone: what it refers to is rejected",
    ),
    Column(
        "merged",
        JSONB(),
        comment="Of a merged row: the version it was exported from, and the fields that only the system has changed.",
    ),
    PrimaryKeyConstraint("import_id", "n"),
    Index("import_row_follows", "import_id", "follows", postgresql_where=text("follows is not null")),
    CheckConstraint(among("result", ("created", "updated", "unchanged", "rejected")), name="result"),
    comment="The plan of an import, row by row. Visible to whom the import is.",
)

IMPORT_UNDO = Table(
    "import_undo",
    metadata,
    Column("import_id", UUID(), nullable=False),
    Column("n", Integer(), nullable=False),
    Column("jurisdiction", Text(collation="C"), nullable=False),
    Column("type", Text(), nullable=False),
    Column("record_id", UUID(), nullable=False),
    Column("first", Integer(), nullable=False, comment="The first version that is put back."),
    Column("last", Integer(), nullable=False, comment="The last one."),
    Column("direct", Boolean(), nullable=False, comment="Written by the import itself, not moved by it."),
    Column("becomes", Text(), nullable=False, comment="The state of the version before, or voided."),
    Column("problem", Text(), comment="Why it is left alone: the code of a sentence; null where it is put back."),
    Column("version", Integer(), comment="The first version that somebody else has written since."),
    PrimaryKeyConstraint("import_id", "n"),
    Index("ix_import_undo_record_id", "record_id", "import_id"),
    comment="What the last undo or redo of an import did with each record. Removed with the rows of the import.",
)

IMPORT_FILE = Table(
    "import_file",
    metadata,
    Column("import_id", UUID(), nullable=False),
    Column("part", Integer(), nullable=False),
    Column("belongs_to", UUID(), nullable=False),
    Column("key_id", Text(), nullable=False),
    Column("content", LargeBinary(), nullable=False, comment="Encrypted, bound to the import and the part."),
    PrimaryKeyConstraint("import_id", "part"),
    comment="Files of imports with rejected rows, to be sent back with what is wrong. Removed with their rows.",
)

IMPORT_MAPPING = Table(
    "import_mapping",
    metadata,
    Column("id", UUID(), nullable=False),
    Column("jurisdiction", Text(collation="C"), nullable=False),
    Column("type", Text(), nullable=False),
    Column("sheets", JSONB(), nullable=False, server_default=EMPTY_LIST, comment="Names of sheets that hold this type"),
    Column("columns", JSONB(), nullable=False, comment="Heading -> field, null where the column is left out"),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("made_by_role", Text(), nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("jurisdiction", "type"),
    comment="What headings mean that no type declares: remembered from imports. For whoever may import the type there.",
)


def import_statements(registry: Registry) -> Iterator[str]:
    """Row security and grants of imports, their rows, and the queue. An import exists for what it belongs to alone."""
    importers = [r for r in READERS if any((right := t.access.of(r)) and right.imports for t in registry)]
    importers += ["ledger_loader", "importing"]
    # A row of 2 KiB is kept as it is: compressed, it would be unpacked again for each of its references.
    yield "alter table import_row set (toast_tuple_target = 4080)"
    yield from _undo(importers)
    for table in (IMPORT_JOB, IMPORT_ROW, IMPORT_FILE):
        yield from secured(table)
        yield (
            f"create policy own on {table.name} to {roles(*ROLES, 'importing', 'system')}\n"
            "  using (belongs_to = (select caller_ownership()))"
        )
    yield f"grant select on import_job, import_row to {roles(*(r for r in ROLES if r not in importers))}"
    yield f"grant select, insert on import_file to {roles(*importers)}"
    yield "alter table import_file alter column content set storage external"  # what is encrypted cannot be compressed
    yield f"grant select, insert, update on import_job, import_row to {roles(*importers, 'system')}"
    yield f"grant delete on import_row to {roles(*importers)}"  # an import that goes on is checked anew
    yield from _mappings(registry)
    # After a crash, the queue's role ends the imports that were under way.
    yield "create policy recovery on import_job to ledger_jobs using (true)"
    changed = "state, problem, finished_at, done, total"
    yield f"grant select (id, state, mode, maker, problem, total), update ({changed}) on import_job to ledger_jobs"
    yield from _queue(importers)


def _mappings(registry: Registry) -> Iterator[str]:
    """Row security of remembered mappings: they exist for whoever may import the type in the jurisdiction."""
    yield from secured(IMPORT_MAPPING)
    yield f"grant select on import_mapping to {roles(*ROLES)}"
    for role in READERS:
        types = [t.path for t in registry if (right := t.access.of(role)) and right.imports]
        if types:
            yield f"grant insert, update, delete on import_mapping to {roles(role)}"
            yield (
                f"create policy {role} on import_mapping to {roles(role)} using (\n"
                f"  jurisdiction = {caller_grant(role, 'code')}\n  and {among('type', types)})"
            )
    loaders = roles("ledger_loader", "importing")
    yield f"grant select, insert, update, delete on import_mapping to {loaders}"
    yield (
        f"create policy loaders on import_mapping to {loaders} using (\n"
        f"    {in_range('import_mapping', ('ledger_loader',))})"
    )


def _undo(importers: list[str]) -> Iterator[str]:
    """An import is undone by its maker, and by the loaders of its division, who see of it the head alone."""
    loaders = roles("ledger_loader", "importing")
    division = in_range("import_job", ("ledger_loader",))
    yield f"create policy of_division on import_job for select to {loaders} using (\n    {division})"
    yield f"create policy undoing on import_job to ledger_system using (\n    {in_system_range('import_job')})"
    yield from secured(IMPORT_UNDO)
    yield f"create policy undoing on import_undo to ledger_system using (\n    {in_system_range('import_undo')})"
    seen = "exists (select from import_job j where j.id = import_id)"
    yield f"create policy of_import on import_undo to {roles(*importers)} using (\n    {seen})"
    yield "grant select, insert, update, delete on import_undo to ledger_system"
    yield f"grant select, update (problem) on import_undo to {roles(*importers)}"
    # What stood before is put back by the system role, which reads it in the caller's range as it reads the records.
    yield f"create policy undoing on revision for select to ledger_system using (\n    {in_system_range('revision')})"
    yield "grant select on revision to ledger_system"


def _queue(importers: list[str]) -> Iterator[str]:
    """The queue's own tables are made by the migration, as the library (pgqueuer) installs them."""
    tables = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")
    for table in tables:
        yield f"alter table {table} enable row level security"
        yield f"alter table {table} force row level security"
        yield f"create policy jobs on {table} to ledger_jobs using (true)"
    yield f"grant select, insert, update, delete on {', '.join(tables)} to ledger_jobs"
    # A job runs with the rights of the account that it names. So an importer queues its own jobs, and sees no others.
    own = "convert_from(payload, 'UTF8')::jsonb ->> 'account' = (select caller_context() ->> 'sub')"
    yield f"create policy own_queued on pgqueuer for insert to {roles(*importers)} with check (\n  {own})"
    yield f"create policy own on pgqueuer for select to {roles(*importers)} using (\n  {own})"
    yield f"create policy queued on pgqueuer_log for insert to {roles(*importers)} with check (status = 'queued')"
    yield f"grant insert, select on pgqueuer to {roles(*importers)}"
    yield f"grant insert on pgqueuer_log to {roles(*importers)}"
    yield "revoke execute on function fn_pgqueuer_changed() from public"
    yield f"grant usage on sequence pgqueuer_id_seq to {roles(*importers)}, ledger_jobs"
    sequences = "pgqueuer_log_id_seq, pgqueuer_schedules_id_seq, pgqueuer_statistics_id_seq"
    yield f"grant usage on sequence {sequences} to ledger_jobs"
