"""The tables of what was done with accounts: changes of them, sign-ins, sessions."""

from collections.abc import Iterator

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from app.kernel.schema.rights import caller_grant
from app.kernel.schema.statements import among, secured
from app.kernel.schema.tables import metadata

# State of a change -> label. Only the first waits for a second person.
CHANGE_STATES = {
    "pending": "待第二人确认",
    "confirmed": "已确认",
    "declined": "已拒绝",
    "unconfirmed": "免予确认",
    "replaced": "已被后来的改动取代",
    "not_required": "无须确认",
}
OUTCOMES = {
    "accepted": "已登录",
    "unknown_name": "没有这个账号",
    "wrong_secret": "密码或密钥不对",
    "locked": "锁定中",
    "disabled": "已停用",
    "expired": "已到期",
}
METHODS = {"password": "人员登录", "client_credentials": "系统取令牌", "set_password": "修改本人密码时核对原密码"}
ENDED_BY = {"owner": "本人结束", "idle": "长时间不用", "password": "密码已改", "closed": "账号停用"}


def _moment(name: str, default: str = "clock_timestamp()") -> Column:  # type: ignore[type-arg]  # a moment
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text(default))


ACCOUNT_CHANGE = Table(
    "account_change",
    metadata,
    Column("id", UUID(), nullable=False),
    _moment("at"),
    Column("seq", BigInteger(), Identity(always=True), nullable=False),
    Column("principal", Text(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("low", Text(collation="C"), nullable=False, comment="The division of the principal, or its prefix."),
    Column("former_low", Text(collation="C"), comment="The same before the change."),
    Column("action", Text(), nullable=False),
    Column("changed", ARRAY(Text()), nullable=False),
    Column("former", JSONB(), comment="What the principal was bound to before; never a secret."),
    Column("present", JSONB(), nullable=False, comment="What the principal is bound to since."),
    Column("maker", Text(), nullable=False),
    Column(
        "makers",
        ARRAY(Text()),
        nullable=False,
        comment="Whose hands are in what waits for confirmation: none of them is the second person.",
    ),
    Column("request_id", Text()),
    Column("state", Text(), nullable=False),
    Column("decided_by", Text()),
    Column("decided_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["principal"], ["principal.id"], name="fk_account_change_principal"),
    CheckConstraint(among("state", CHANGE_STATES), name="state"),
    CheckConstraint("(decided_by is null) = (decided_at is null)", name="decided"),
    CheckConstraint("decided_by is null or decided_by <> all (makers) and decided_by <> principal", name="second"),
    Index("account_change_in_order", "at", "seq"),
    Index("account_change_of_principal", "principal", "seq"),
    comment="Every change of an account, client or API key: who made it, of what into what, and who confirmed it.",
)
SIGN_IN = Table(
    "sign_in",
    metadata,
    _moment("at"),
    Column("seq", BigInteger(), Identity(always=True), nullable=False),
    Column(
        "principal",
        Text(),
        comment="Null where no principal has the name: what was typed is not kept, because it may be a password.",
    ),
    Column("low", Text(collation="C"), nullable=False, server_default=text("''")),
    Column("method", Text(), nullable=False),
    Column("outcome", Text(), nullable=False),
    Column("address", Text()),
    Column("request_id", Text()),
    Column("session_id", UUID()),
    PrimaryKeyConstraint("at", "seq"),
    CheckConstraint(among("method", METHODS), name="method"),
    CheckConstraint(among("outcome", OUTCOMES), name="outcome"),
    comment="Every sign-in and every refusal of one; never changed.",
)
SESSION = Table(
    "session",
    metadata,
    Column("id", UUID(), nullable=False),
    Column("principal", Text(), nullable=False),
    Column("address", Text()),
    _moment("started_at", "now()"),
    _moment("last_seen_at", "now()"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Text()),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["principal"], ["principal.id"], name="fk_session_principal"),
    CheckConstraint(among("ended_by", ENDED_BY), name="ended_by"),
    Index("session_of_principal", "principal", "started_at"),
    comment="What a person's token belongs to: it ends with the session.",
)


def entry_statements() -> Iterator[str]:
    """Row security and grants: the service writes them before there is a caller, an auditor reads them.

    A caller sees the entries of accounts that reach into its division, and whoever confirms those within its own reach.
    """
    for table in (ACCOUNT_CHANGE, SIGN_IN, SESSION):
        yield from secured(table)
        yield f"create policy auth on {table.name} to ledger_auth using (true)"
    yield "grant select, insert, update (state, decided_by, decided_at) on account_change to ledger_auth"
    yield "grant insert on sign_in to ledger_auth"
    yield "grant select, insert, update (last_seen_at, ended_at, ended_by) on session to ledger_auth"
    for table in (ACCOUNT_CHANGE, SIGN_IN):
        code, former = caller_grant("auditor", "code"), ""
        if table is ACCOUNT_CHANGE:
            former = f" or starts_with({code}, former_low)"
        yield f"grant select on {table.name} to ledger_auditor"
        yield (
            f"create policy auditor on {table.name} for select to ledger_auditor using (\n"
            f"    starts_with({code}, low){former})"
        )
    for role in ("administrator", "security_officer"):
        low = caller_grant(role, "low")
        yield f"grant select on account_change to ledger_{role}"
        yield (
            f"create policy {role} on account_change for select to ledger_{role} using (\n"
            f"    starts_with(low, {low}) and starts_with(coalesce(former_low, low), {low}))"
        )
