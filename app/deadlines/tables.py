"""The tables of deadlines: the calendar, the rules, and what records oblige to."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATEMULTIRANGE, JSONB, UUID

from app.kernel.schema.tables import code_column, metadata

PREFIX_HELP = "A division code, or a prefix of codes: the longest that fits holds; '' is the whole country."
UNITS = ("day", "working_day", "month")
KINDS = ("holiday", "workday", "ordinary")
EVENTS = ("moved", "reopened", "closed", "extended", "paused", "resumed")
IN_FORCE = text("replaced_at is null")
OPEN = text("closed_on is null")
IDLES = text("closed_on is null and idle_from is not null")
GIN, UNQUEUED = "gin", {"fastupdate": "off"}  # as of the audience of a record (schema/tables.py)


def _among(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(code) for code in codes)})"


def _entered() -> list[Column]:  # type: ignore[type-arg]  # columns of every type
    """Who has entered a row, and why; and since when another one stands in its place."""
    return [
        Column("reason", Text()),
        Column("shipped", Boolean(), nullable=False, comment="It came with the service, and is replaced with it."),
        Column("entered_by", Text(), nullable=False),
        Column("entered_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("replaced_at", DateTime(timezone=True)),
        Column("replaced_by", Text()),
        Column("replaced_why", Text()),
    ]


CALENDAR_DAY = Table(
    "calendar_day",
    metadata,
    Column("id", UUID(), nullable=False, server_default=text("gen_random_uuid()")),
    Column("jurisdiction", Text(collation="C"), nullable=False, comment=PREFIX_HELP),
    Column("day", Date(), nullable=False),
    Column("kind", Text(), nullable=False, comment="What the day is, against its weekday; ordinary: as the weekday."),
    Column("name", Text(), nullable=False),
    Column("source", Text(), nullable=False),
    *_entered(),
    PrimaryKeyConstraint("id"),
    CheckConstraint(_among("kind", KINDS), name="kind"),
    Index("uq_calendar_day_day", "day", "jurisdiction", unique=True, postgresql_where=IN_FORCE),
    comment="Days that are not what their weekday says: holidays, and the days worked for them. Rows are replaced.",
)
CALENDAR_YEAR = Table(
    "calendar_year",
    metadata,
    Column("year", Integer(), nullable=False),
    Column("source", Text(), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("year"),
    comment="The years whose holidays are known for the whole country; a period that reaches beyond is provisional.",
)
DEADLINE_POLICY = Table(
    "deadline_policy",
    metadata,
    Column("id", UUID(), nullable=False, server_default=text("gen_random_uuid()")),
    Column("jurisdiction", Text(collation="C"), nullable=False, comment=PREFIX_HELP),
    Column("rule", Text(), nullable=False),
    Column("valid_from", Date(), nullable=False, comment="Chosen by the day of the trigger."),
    Column("valid_to", Date()),
    Column("amount", Integer(), nullable=False),
    Column("unit", Text(), nullable=False),
    Column("roll", Boolean(), nullable=False, comment="Whether a last day that is off moves to the next that is not."),
    Column("extension_amount", Integer(), comment="In the same unit; null: without bound."),
    Column("extension_times", SmallInteger(), comment="Null: without bound."),
    Column("warn_days", Integer(), nullable=False, comment="So many days before the last the light is amber."),
    Column("idle_days", Integer(), comment="After so many days without progress it is idle; null: never."),
    Column("steps", JSONB(), nullable=False, server_default=text("'[]'"), comment="The steps of escalation."),
    Column("citation", Text(), nullable=False),
    Column("remark", Text(), comment="What is not sure of it: then it is a setting of the place."),
    *_entered(),
    PrimaryKeyConstraint("id"),
    CheckConstraint(_among("unit", UNITS), name="unit"),
    CheckConstraint("amount between 1 and 3660 and warn_days between 0 and 60", name="amount"),
    Index("uq_deadline_policy_rule", "rule", "jurisdiction", "valid_from", unique=True, postgresql_where=IN_FORCE),
    comment="How long the period of a rule is, from when to when, and by which article. Rows are replaced.",
)
OBLIGATION = Table(
    "obligation",
    metadata,
    code_column(),
    Column("id", UUID(), nullable=False, server_default=text("gen_random_uuid()")),
    Column("record_type", Text(), nullable=False),
    Column("record_id", UUID(), nullable=False),
    Column("record_number", Text(), nullable=False),
    Column("rule", Text(), nullable=False),
    Column("since", Date(), nullable=False),
    Column("own_due", Date(), comment="The day that the record itself sets."),
    Column("policy_id", UUID()),
    Column("due_on", Date(), nullable=False),
    Column("provisional", Boolean(), nullable=False),
    Column("amber_from", Date(), nullable=False),
    Column("progress_on", Date(), nullable=False),
    Column("idle_from", Date()),
    Column("extended_until", Date()),
    Column("extensions", SmallInteger(), nullable=False, server_default=text("0")),
    Column("paused_on", Date()),
    Column("paused", DATEMULTIRANGE(), nullable=False, server_default=text("'{}'"), comment="Since extended_until."),
    Column("closed_on", Date()),
    Column("version", Integer(), nullable=False, server_default=text("1")),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("audience", ARRAY(UUID()), nullable=False, comment="Of its record, kept here to find a caller's own soon."),
    PrimaryKeyConstraint("id", "jurisdiction"),
    Index("uq_obligation_open", "record_id", "rule", "jurisdiction", unique=True, postgresql_where=OPEN),
    Index("ix_obligation_done", "record_id", "jurisdiction", postgresql_where=text("closed_on is not null")),
    Index("ix_obligation_due", "jurisdiction", "due_on", "id", postgresql_where=OPEN),
    Index("ix_obligation_idle", "jurisdiction", "idle_from", postgresql_where=IDLES),
    Index("ix_obligation_audience", "audience", postgresql_using=GIN, postgresql_where=OPEN, postgresql_with=UNQUEUED),
    comment="What a record obliges to, kept by triggers of its table; visible to whoever may read the record.",
)  # fmt: skip
OBLIGATION_EVENT = Table(
    "obligation_event",
    metadata,
    code_column(),
    Column("obligation_id", UUID(), nullable=False),
    Column("seq", BigInteger(), Identity(always=True), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Column("kind", Text(), nullable=False),
    Column("by", Text(), nullable=False),
    Column("by_role", Text()),
    Column("cause", Text(), comment="Of a move: record, calendar, policy."),
    Column("due_before", Date()),
    Column("due_after", Date()),
    Column("approver", Text()),
    Column("reason", Text()),
    PrimaryKeyConstraint("obligation_id", "jurisdiction", "seq"),
    CheckConstraint(_among("kind", EVENTS), name="kind"),
    comment="What became of an obligation after it was opened; never changed.",
)
ESCALATION = Table(
    "escalation",
    metadata,
    code_column(),
    Column("obligation_id", UUID(), nullable=False),
    Column("level", SmallInteger(), nullable=False),
    Column("policy_id", UUID(), nullable=False),
    Column("measured", Text(), nullable=False),
    Column("reached_on", Date(), nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("addressee", Text(), nullable=False),
    Column("letter", Text(), comment="The kind of letter that this step asks for."),
    PrimaryKeyConstraint("obligation_id", "jurisdiction", "level"),
    comment="The steps of escalation that were reached, each once.",
)
