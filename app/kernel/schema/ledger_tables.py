"""The tables that all record types share: revisions, number series, and the digest of the installed schema."""

from collections.abc import Iterator

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from app.db.context import AUTH_ROLE, IMPORTING
from app.db.types import XID8
from app.kernel.declare.registry import Registry
from app.kernel.schema.first_known import known_functions
from app.kernel.schema.policies import in_range, in_system_range, revision_policies
from app.kernel.schema.rights import CALLER, caller_grant
from app.kernel.schema.statements import listed, roles, secured
from app.kernel.schema.tables import code_column, metadata
from app.roles import READERS, ROLES

CALLERS = (IMPORTING, *(f"ledger_{role}" for role in ROLES))
REVISION = Table(
    "revision",
    metadata,
    code_column(),
    Column("record_type", Text(), nullable=False),
    Column("record_id", UUID(), nullable=False),
    Column("version", Integer(), nullable=False),
    Column("action", Text(), nullable=False),
    Column("format", SmallInteger(), nullable=False, server_default=text("1")),
    Column("snapshot", JSONB(), nullable=False),
    Column("salt", UUID(), nullable=False, server_default=text("gen_random_uuid()")),
    Column("actor", Text(), nullable=False),
    Column("actor_role", Text()),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Column("request_id", Text()),
    Column("reason", Text()),
    Column("source", JSONB(), nullable=False),
    Column("round_id", UUID()),
    Column("unit_id", UUID()),
    Column("state", Text()),
    Column("audience", ARRAY(UUID()), nullable=False),
    # Sealing will need the order of transactions: epoch, xid, seq.
    Column("epoch", SmallInteger(), nullable=False, server_default=text("1")),
    Column("xid", XID8(), nullable=False, server_default=text("pg_current_xact_id()")),
    Column("seq", BigInteger(), Identity(always=True), nullable=False),
    PrimaryKeyConstraint("record_id", "record_type", "jurisdiction", "version"),
    CheckConstraint("version > 0", name="version"),
    Index("revision_sealing", "epoch", "xid", "seq"),
    comment="Every version of every record, written by a trigger of its table; never changed, never deleted.",
)
NUMBER_SERIES = Table(
    "number_series",
    metadata,
    code_column(),
    Column("series", Text(collation="C"), nullable=False),
    Column("last", Integer(), nullable=False),
    PrimaryKeyConstraint("jurisdiction", "series"),
    CheckConstraint("last >= 0", name="last"),
    comment="The highest number given or assigned in each series; the next is one above it.",
)
IDEMPOTENCY_KEY = Table(
    "idempotency_key",
    metadata,
    Column("maker", Text(), nullable=False),
    Column("request", LargeBinary(), nullable=False, comment="SHA-256 of its maker, method, path and key."),
    Column("fingerprint", Text(), nullable=False, comment="A keyed digest of what was sent: it may hold a password."),
    Column("status", SmallInteger(), nullable=False),
    Column("type", Text(), nullable=False, comment="What was written: the path segment of its type."),
    Column("name", Text(), nullable=False, comment="Its identifier. The answer is read anew, so none is stored."),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("maker", "request"),
    CheckConstraint("status between 200 and 299", name="status"),
    Index("ix_idempotency_key_at", "at"),
    comment="Requests with an Idempotency-Key that were carried out, for 7 days; written with what they have written.",
)
SYSTEM_SECRET = Table(
    "system_secret",
    metadata,
    Column("secret", LargeBinary(), nullable=False),
    PrimaryKeyConstraint("secret"),
    comment="Signs for which divisions the system role acts in a transaction; made by a migration, read by the keeper.",
)
SCHEMA_DIGEST = Table(
    "schema_digest",
    metadata,
    Column("digest", Text(), nullable=False),
    Column("installed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("digest"),
    comment="SHA-256 of the text of functions, triggers, policies and grants that is installed; empty: none is.",
)


def revision_statements(registry: Registry) -> Iterator[str]:
    """Row security, grants and triggers of `revision`."""
    # A snapshot of 2 KiB is kept as it is: trying to compress it took some 20 of 330 µs of a patch.
    yield "alter table revision set (toast_tuple_target = 4080)"
    yield from secured(REVISION)
    yield "create policy keeper on revision for insert to ledger_keeper with check (true)"
    yield "grant insert on revision to ledger_keeper"
    yield from known_functions(registry)
    yield from revision_policies(registry)
    # By its old versions an import of a loader is merged. None of them is in any answer.
    yield (
        f"create policy importing on revision for select to {IMPORTING} using (\n"
        f"    {in_range('revision', ('ledger_loader',))})"
    )
    yield f"grant select (jurisdiction, record_type, record_id, version, snapshot) on revision to {IMPORTING}"
    # Of revisions an auditor reads that they are, by whom and when: no snapshot, no reason, no place in a file.
    own = f"jurisdiction = {caller_grant('auditor', 'code')}"
    yield f"create policy auditor on revision for select to ledger_auditor using (\n    {own})"
    columns = "jurisdiction, record_type, record_id, version, action, actor, at, epoch, xid, seq"
    yield f"grant select ({columns}) on revision to ledger_auditor"
    yield (
        "create trigger keep_revision before update or delete on revision\n"
        "  for each row execute function refuse_erasure()"
    )
    yield (
        "create trigger keep_all_revisions before truncate on revision\n"
        "  for each statement execute function refuse_erasure()"
    )


def number_series_statements(registry: Registry) -> Iterator[str]:
    """Row security and grants of number series: only roles that create records reach them, and no answer shows one."""
    creating = [r for r in READERS if any((right := t.access.of(r)) and right.creates for t in registry)]
    numbering = roles(*creating, "importing")
    yield from secured(NUMBER_SERIES)
    yield f"create policy system on number_series to ledger_system using (\n    {in_system_range('number_series')})"
    yield f"create policy numbering on number_series to {numbering} using (\n  {in_range('number_series')})"
    yield f"grant select, insert, update on number_series to {numbering}, ledger_system"


def idempotency_statements() -> Iterator[str]:
    """Row security and grants of keys: whoever has sent a request sees its row, and nobody else does.

    The role that signs in writes those of requests that change accounts.
    """
    callers = listed((*CALLERS, AUTH_ROLE))
    yield from secured(IDEMPOTENCY_KEY)
    yield f"create policy own on idempotency_key to {callers} using (\n    maker = {CALLER})"
    yield f"grant select, insert, update on idempotency_key to {callers}"


def schema_statements() -> Iterator[str]:
    """How the service reads which schema is installed, before it starts; and the secret of the system role."""
    yield "grant select on alembic_version, schema_digest to ledger_auth"
    yield from secured(SYSTEM_SECRET)
    yield "create policy keeper on system_secret for select to ledger_keeper using (true)"
    yield "grant select on system_secret to ledger_keeper"
