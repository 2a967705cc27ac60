"""The tables of authentication: principals, their secrets, and the service's own keys."""

from collections.abc import Iterator

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
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

from app.auth.entry_tables import entry_statements
from app.kernel.schema.statements import among, secured, within
from app.kernel.schema.tables import metadata
from app.roles import GRANTS, ROLES

PRINCIPAL = Table(
    "principal",
    metadata,
    Column("id", Text(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("role", Text(), nullable=False),
    Column(
        "code",
        Text(collation="C"),
        comment="The one jurisdiction; null when bound to every division whose code begins with low.",
    ),
    Column("low", Text(collation="C"), nullable=False),
    Column("high", Text(collation="C"), nullable=False),
    Column("unit_id", UUID()),
    Column("unit_number", Text()),
    Column("team_id", UUID()),
    Column("team_number", Text()),
    Column(
        "home_unit_id",
        UUID(),
        comment="Where the person belongs: kin is judged on it, too. By default the unit that the account is bound to.",
    ),
    Column("home_unit_number", Text()),
    Column("grants", ARRAY(Text()), nullable=False, server_default=text("'{}'")),
    Column(
        "scope_ids",
        ARRAY(UUID()),
        nullable=False,
        server_default=text("'{}'"),
        comment="What the audience of records is compared with; empty: none of its own. Kept by triggers.",
    ),
    Column(
        "kin_ids",
        ARRAY(UUID()),
        nullable=False,
        server_default=text("'{}'"),
        comment="The units whose records do not exist for it, as it is kin (unit_kin_ids). Kept by triggers.",
    ),
    Column("types", ARRAY(Text())),
    Column("disabled", Boolean(), nullable=False, server_default=text("false")),
    Column("expires_at", DateTime(timezone=True), nullable=False, server_default=text("'infinity'")),
    Column("label", Text()),
    Column(
        "withheld_by",
        UUID(),
        comment="The change that a second person has not confirmed: until then the principal has no role.",
    ),
    Column(
        "must_change_password",
        Boolean(),
        nullable=False,
        server_default=text("false"),
        comment="Somebody else has set the password: the person sets another before anything else.",
    ),
    Column(
        "generation",
        Integer(),
        nullable=False,
        server_default=text("1"),
        comment="Tokens of an earlier generation are refused: raised by a new password and by disabling.",
    ),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("created_by", Text(), nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id ~ '^[a-z][a-z0-9_.-]{1,39}(@[0-9]{1,6})?$'", name="id"),
    CheckConstraint("starts_with(low, split_part(id, '@', 2))", name="own_name"),
    CheckConstraint(among("kind", ("account", "client", "api_key")), name="kind"),
    CheckConstraint(among("role", ROLES), name="role"),
    CheckConstraint(
        "high = low || ':' and low ~ '^[0-9]{0,6}$' and (code is null or (code = low and length(code) = 6))",
        name="range",
    ),
    CheckConstraint("code is not null or (unit_id is null and team_id is null and home_unit_id is null)", name="place"),
    CheckConstraint("kind = 'account' or home_unit_id is null", name="home"),
    CheckConstraint(
        f"grants = '{{}}' or (kind = 'account' and unit_id is not null and {within('grants', GRANTS)})", name="grants"
    ),
    CheckConstraint("types is null or role = 'partner_system'", name="types"),
    ForeignKeyConstraint(["code", "unit_id"], ["unit.jurisdiction", "unit.id"], name="principal_unit"),
    ForeignKeyConstraint(["code", "team_id"], ["team.jurisdiction", "team.id"], name="principal_team"),
    ForeignKeyConstraint(["code", "home_unit_id"], ["unit.jurisdiction", "unit.id"], name="principal_home_unit"),
    ForeignKeyConstraint(["withheld_by"], ["account_change.id"], name="principal_withheld_by", use_alter=True),
    Index("principal_by_unit", "code", "unit_id", postgresql_where=text("unit_id is not null")),
    Index("principal_by_team", "code", "team_id", postgresql_where=text("team_id is not null")),
    comment="Whoever may call the service: accounts of people, clients of systems, API keys. Disabled, never deleted.",
)
PRINCIPAL_SECRET = Table(
    "principal_secret",
    metadata,
    Column("id", Text(), nullable=False),
    Column("digest", Text(), nullable=False),
    Column("former", Text()),
    Column("former_until", DateTime(timezone=True)),
    Column("failures", Integer(), nullable=False, server_default=text("0")),
    Column("failing_since", DateTime(timezone=True)),
    Column("locked_until", DateTime(timezone=True)),
    Column("set_by", Text(), comment="Who has set it and so knows it; null: the person, or the service alone."),
    Column("set_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["id"], ["principal.id"], name="fk_principal_secret_id"),
    comment="argon2id of a password or client secret, SHA-256 of an API key; former: good until a rotation ends.",
)
SERVICE_KEY = Table(
    "service_key",
    metadata,
    Column("name", Text(), nullable=False),
    Column("form", SmallInteger(), nullable=False),
    Column("algorithm", Text(), nullable=False),
    Column("key_id", Text(), nullable=False),
    Column("ciphertext", LargeBinary(), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("name"),
    comment="The keys that sign tokens and cursors, encrypted as sealed values are.",
)


def principal_statements() -> Iterator[str]:
    """Row security and grants. Only `ledger_auth` reads principals and secrets, before there is a caller."""
    for table in (PRINCIPAL, PRINCIPAL_SECRET, SERVICE_KEY):
        yield from secured(table)
        yield f"create policy auth on {table.name} to ledger_auth using (true)"
    yield "grant select, insert, update on principal, principal_secret to ledger_auth"
    yield "grant select, insert, update (form, algorithm, key_id, ciphertext) on service_key to ledger_auth"
    yield from entry_statements()
    # The keeper binds principals to their unit or team, keeps their scope ids, and looks callers up.
    yield "create policy keeper on principal to ledger_keeper using (true)"
    yield (
        "grant select (id, role, code, low, high, unit_id, team_id, home_unit_id, grants, scope_ids, kin_ids, types,"
        " disabled, withheld_by, expires_at), update (scope_ids, kin_ids) on principal to ledger_keeper"
    )
