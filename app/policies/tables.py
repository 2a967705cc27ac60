"""The table of policies. Rows are added and never changed: what was decided is held against the rule of its day."""

from collections.abc import Iterator

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from app.kernel.schema.policies import in_range
from app.kernel.schema.statements import roles, secured
from app.kernel.schema.tables import code_column, metadata
from app.roles import ROLES

EVERYWHERE = ""  # the jurisdiction of a row that holds where none of the jurisdiction's own does

POLICY = Table(
    "policy",
    metadata,
    Column("id", UUID(), nullable=False),
    code_column(),
    Column("name", Text(collation="C"), nullable=False),
    Column("since", Date(), nullable=False),
    Column("value", ARRAY(Text()), nullable=False),
    Column("citation", Text()),
    Column("entered_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("entered_by", Text(), nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("jurisdiction ~ '^([1-9][0-9]{5})?$'", name="jurisdiction"),
    Index("ix_policy_in_force", "jurisdiction", "name", "since", "entered_at"),
    comment="What a jurisdiction lays down, from a day on. Of rows of one day the last entered holds.",
)


def policy_statements() -> Iterator[str]:
    """Row security and grants: each caller reads those of its divisions, administrators add to them."""
    yield from secured(POLICY)
    yield f"grant select on policy to {roles(*ROLES)}, ledger_keeper"
    yield "create policy keeper on policy for select to ledger_keeper using (true)"
    yield (
        f"create policy readers on policy for select to {roles(*ROLES)} using (\n"
        f"    caller_grants() -> 'any' is not null and (jurisdiction = '{EVERYWHERE}' or {in_range('policy')}))"
    )
    yield "grant insert on policy to ledger_administrator"
    own = in_range("policy", ("administrator",))
    yield f"create policy administrators on policy for insert to ledger_administrator with check (\n    {own})"
    yield (
        "create trigger keep_policy before update or delete on policy\n  for each row execute function refuse_erasure()"
    )
