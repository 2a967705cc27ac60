"""The tables of personal data: values sealed apart from the rows, and the log of who has read what."""

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
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from app.kernel.declare.access import Hidden
from app.kernel.declare.fields import Sealed
from app.kernel.declare.registry import Registry
from app.kernel.personal.access_log import LOG_KINDS, PURPOSES
from app.kernel.schema.policies import in_range
from app.kernel.schema.rights import caller_grant
from app.kernel.schema.statements import among, roles, secured
from app.kernel.schema.tables import CALLED, code_column, metadata
from app.roles import READERS

SEALED_VALUE = Table(
    "sealed_value",
    metadata,
    code_column(),
    Column("record_id", UUID(), nullable=False),
    Column("member", Text(), nullable=False),
    Column("digest", Text(), nullable=False),
    Column(
        "form",
        SmallInteger(),
        nullable=False,
        comment="What the ciphertext is bound to: 1 member and digest, 2 jurisdiction, member, record and digest.",
    ),
    Column("algorithm", Text(), nullable=False),
    Column("key_id", Text(), nullable=False),
    Column("ciphertext", LargeBinary(), nullable=False),
    PrimaryKeyConstraint("jurisdiction", "record_id", "member", "digest"),
    comment="Encrypted values, apart from the rows, which hold a keyed digest. The keys are not in the database.",
)
ACCESS_LOG = Table(
    "access_log",
    metadata,
    code_column(),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Column("seq", BigInteger(), Identity(always=True), nullable=False),
    Column("principal", Text(), nullable=False, info={CALLED: "(caller_context() ->> 'sub')"}),
    Column("role", Text(), nullable=False),
    Column("request_id", Text(), info={CALLED: "(caller_context() ->> 'request')"}),
    Column("kind", Text(), nullable=False),
    Column("record_type", Text()),
    Column("record_ids", ARRAY(UUID()), nullable=False, server_default=text("'{}'")),
    Column(
        "members",
        ARRAY(Text()),
        nullable=False,
        server_default=text("'{}'"),
        comment="The sealed members that were shown (reveal) or asked by (find); of other reads none is named.",
    ),
    Column("purpose", Text()),
    Column("query", Text(), comment="Of an export: what it was asked for. Its first entry holds it."),
    Column("count", Integer(), comment="Of an export: how many records it has handed out. Its last entry holds it."),
    PrimaryKeyConstraint("jurisdiction", "at", "seq"),
    CheckConstraint(among("kind", LOG_KINDS), name="kind"),
    CheckConstraint(among("purpose", PURPOSES), name="purpose"),
    Index("ix_access_log_record_ids", "record_ids", postgresql_using="gin"),
    comment="Reads of persons, clues and what came of them, by the statement that reads: no entry, no answer.",
)
# Who and when are the database's to say.
ENTRY = "jurisdiction, role, kind, record_type, record_ids, members, purpose, query, count"


def sealed_value_statements(registry: Registry) -> Iterator[str]:
    """Row security and grants of sealed values: who adds them, who opens them, and the rotation of keys."""
    types = [t for t in registry if t.sealed]
    writing = [r for r in READERS if any((right := t.access.of(r)) and right.writes for t in types)]
    sealing = roles(*writing, "importing")
    yield from secured(SEALED_VALUE)
    yield f"create policy sealing on sealed_value for insert to {sealing} with check (\n    {in_range('sealed_value')})"
    yield f"grant insert on sealed_value to {sealing}"
    # The rotation sees every value and nothing else: whose it is stands in tables that this role may not read.
    yield "create policy rotation on sealed_value to ledger_sealing using (true)"
    yield "grant select, update (form, algorithm, key_id, ciphertext) on sealed_value to ledger_sealing"
    yield "create policy keeper on sealed_value for select to ledger_keeper using (true)"  # sealed_key_ids.sql
    yield "grant select (key_id) on sealed_value to ledger_keeper"
    yield from _opening(registry)


def _opening(registry: Registry) -> Iterator[str]:
    """A ciphertext is read by a role from which nothing of the type is hidden, while the record exists for it.

    Only the value that the record has now: what it was before is opened by nobody.
    """
    for role in READERS:
        rules = [
            f"(member = '{t.sealed_member(f)}' and exists (select from {t.table} x\n"
            f"      where x.jurisdiction = sealed_value.jurisdiction and x.id = sealed_value.record_id"
            f" and x.{f.digest_column} = sealed_value.digest))"
            for t in registry
            for f in t.of_kind(Sealed)
            if (right := t.access.of(role)) and right.hides == Hidden()
        ]
        if rules:
            yield f"grant select on sealed_value to ledger_{role}"
            yield (
                f"create policy {role} on sealed_value for select to ledger_{role} using (\n"
                f"    {(chr(10) + '    or ').join(rules)})"
            )


def access_log_statements() -> Iterator[str]:
    """Row security and grants of the log: a role logs its own reads only; a loader does for a range of divisions."""
    yield from secured(ACCESS_LOG)
    for role in (*READERS, "auditor"):
        yield from _log_rights(role, f"jurisdiction = {caller_grant(role, 'code')}")
    yield from _log_rights("ledger_loader", in_range("access_log", ("ledger_loader",)))
    yield (
        "create policy auditor_reads on access_log for select to ledger_auditor using (\n"
        f"    jurisdiction = {caller_grant('auditor', 'code')})"
    )
    yield "grant select on access_log to ledger_auditor"


def _log_rights(role: str, divisions: str) -> Iterator[str]:
    own = f"principal = (caller_context() ->> 'sub') and role = '{role}'"
    yield f"grant insert ({ENTRY}) on access_log to ledger_{role}"
    yield (
        f"create policy {role} on access_log for insert to ledger_{role} with check (\n    {own}\n    and {divisions})"
    )
