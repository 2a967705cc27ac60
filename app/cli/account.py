"""The command `account`: the register of principals, for whoever runs the service.

What it changes counts as confirmed, because it asks for what `migrate` needs: whoever has that can change every table.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from app.accounts import register, second_person
from app.accounts.second_person import COMMAND_LINE
from app.auth import passwords, principals
from app.auth.principals import Principal
from app.cli.database import bring_up_to_date, database_or_running
from app.cli.words import Stop, foreseeable, table, tell, usage
from app.clock import SHANGHAI, now
from app.db.logins import Logins
from app.db.pool import Pools
from app.roles import GRANTS, ROLES
from app.settings import Settings

T = TypeVar("T")
NEVER = "never"
Username = Annotated[str, typer.Argument(help="用户名", metavar="USERNAME")]
Name = Annotated[str, typer.Argument(help="用户名，客户端编号，或接口密钥的标识", metavar="NAME")]
Password = Annotated[str, typer.Option(help="密码；不给则生成并显示一次", envvar="LEDGER_NEW_PASSWORD")]
KIND_LABELS = {"account": "账号 account", "client": "客户端 client", "api_key": "接口密钥 API key"}
COLUMNS = [
    "名称 name", "类别 kind", "角色 role", "区划 jurisdiction", "单位或组 unit, team", "状态 state", "到期 expires",
]  # fmt: skip

accounts = typer.Typer(help="账号、客户端和接口密钥。Accounts, clients, API keys.", no_args_is_help=True)


def _on_register(work: Callable[[Pools], Awaitable[T]], reads: bool = False) -> T:
    """Run `work` on the register in the database of the settings, whether or not a service runs on it.

    Work that does not merely read is for whoever may migrate: it counts as confirmed by a second person.
    """

    async def run(logins: Logins) -> T:
        pools = Pools(logins, size=1)
        try:
            return await work(pools)
        finally:
            await pools.close()

    with database_or_running(Settings()) as found:
        if not reads and not found.owner_url:
            usage(
                "命令行改动账号，不须第二人确认，所以要能改数据库结构：请设置 LEDGER_OWNER_DATABASE_URL。",
                "What the command line changes of accounts counts as confirmed: set LEDGER_OWNER_DATABASE_URL.",
            )
        bring_up_to_date(found, silent=True)
        return asyncio.run(run(found.logins))


@accounts.command("list")
def list_accounts() -> None:
    """列出账号、客户端和接口密钥。List accounts, clients and API keys."""
    with foreseeable():
        table("账号", COLUMNS, [_row(p) for p in _on_register(principals.every, reads=True)])


def _row(p: Principal) -> list[Any]:
    place = p.unit_number or p.team_number or ""
    return [p.id, KIND_LABELS[p.kind], p.role, p.jurisdiction or "全部 all", place, _state(p), _shown(p.expires_at)]


def _state(p: Principal) -> str:
    if p.disabled:
        return "停用 closed"
    if not p.open:
        return "到期 expired"
    if p.confirmation:
        return "待确认 unconfirmed" if p.confirmation == "pending" else "已拒绝 declined"
    return f"锁定到 locked until {_shown(p.locked_until)}" if p.locked_until else "启用 open"


def _shown(moment: datetime | None) -> str:
    """A moment in Beijing time, as the command `expire` takes it."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" if moment else ""


@accounts.command()
def add(
    username: Username,
    role: Annotated[str, typer.Option(help="角色：" + "、".join(f"{r.name} {r.label}" for r in ROLES.values()))],
    jurisdiction: Annotated[
        str, typer.Option(help="区划代码，六位；administrator、superior、ledger_loader 可以是前几位或空")
    ] = "",
    unit: Annotated[str | None, typer.Option(help="所属单位的编号")] = None,
    team: Annotated[str | None, typer.Option(help="所属巡察组的编号")] = None,
    home: Annotated[str | None, typer.Option(help="本人所在单位的编号；不填为所属单位")] = None,
    grants: Annotated[
        str, typer.Option(help="专项授权，逗号分隔：" + "、".join(f"{g} {label}" for g, label in GRANTS.items()))
    ] = "",
    types: Annotated[str | None, typer.Option("--types", help="partner_system 订阅的记录类型，逗号分隔")] = None,
    password: Password = "",
    expires_at: Annotated[datetime | None, typer.Option(help="到期时刻（北京时间）")] = None,
) -> None:
    """开立账号。Open an account."""
    secret = password or passwords.generated()
    bound: dict[str, Any] = {"unit_number": unit, "team_number": team, "expires_at": _expiry(expires_at)}
    bound |= {"home_unit_number": home, "grants": _parts(grants), "types": _parts(types or "") or None}
    with foreseeable():
        _on_register(
            lambda pools: register.open_account(pools, username, secret, role, jurisdiction, COMMAND_LINE, **bound)
        )
        tell(f"已开立账号 {username}（{ROLES[role].label}）。", "The account was opened.")
        _show_generated(password, secret)


@accounts.command()
def password(username: Username, password: Password = "") -> None:
    """另设密码。Set another password; tokens brought by the former one end."""
    secret = password or passwords.generated()
    with foreseeable():
        if not _on_register(lambda pools: register.set_password(pools, username, secret, COMMAND_LINE)):
            raise _nobody(username)
        tell(f"账号 {username} 的密码已改，原来的登录作废。", "The password was changed; its tokens have ended.")
        _show_generated(password, secret)


@accounts.command()
def disable(name: Name) -> None:
    """停用，即刻生效。Close it at once; it is never deleted."""
    with foreseeable():
        _altered(name, disabled=True)
        tell(f"{name} 已停用，已发的令牌同时作废。", "It was closed, and its tokens have ended.")


@accounts.command()
def enable(name: Name) -> None:
    """启用。Open it again."""
    with foreseeable():
        _altered(name, disabled=False)
        tell(f"{name} 已启用，须重新登录。", "It is open again, and has to sign in anew.")


@accounts.command()
def expire(
    name: Name,
    at: Annotated[str, typer.Argument(help=f"到期时刻（北京时间），如 2027-01-31T18:00；{NEVER} 为长期有效")],
) -> None:
    """设定到期时刻。Set when it expires."""
    with foreseeable():
        moment = None if at == NEVER else _expiry(_moment(at))
        _altered(name, expires_at=moment)
        if moment is None:
            tell(f"{name} 长期有效。", "It does not expire.")
        else:
            ended = moment <= now()
            tell(f"{name} {'已' if ended else '将'}于 {moment:%Y-%m-%d %H:%M} 到期。", "The expiry was set.")


@accounts.command()
def unlock(name: Name) -> None:
    """解除因多次填错的锁定。End the lock that follows repeated failures."""
    with foreseeable():
        if not _on_register(lambda pools: register.unlock(pools, name, COMMAND_LINE)):
            raise _nobody(name)
        tell(f"{name} 的锁定已解除。", "The lock has ended.")


@accounts.command()
def confirm(name: Name) -> None:
    """确认待第二人确认的改动。Confirm what waits for a second person."""
    with foreseeable():
        found = _on_register(lambda pools: second_person.confirm_all(pools, name))
        if found is None:
            raise _nobody(name)
        tell(f"{name} 的角色是 {found.role}，现已有效。", "Its role holds now.")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        usage(f"“{text}”不是时刻，请写成 2027-01-31T18:00，或 {NEVER}。", f"Write 2027-01-31T18:00, or {NEVER}.")


def _expiry(moment: datetime | None) -> datetime | None:
    """The moment of an expiry. Without a time zone it is Beijing time."""
    return moment.replace(tzinfo=SHANGHAI) if moment and not moment.tzinfo else moment


def _altered(name: str, **changes: object) -> None:
    if not _on_register(lambda pools: register.alter(pools, name, changes, COMMAND_LINE)):
        raise _nobody(name)


def _nobody(name: str) -> Stop:
    return Stop(f"没有 {name}，请用 account list 核对。", f"There is no {name}: see account list.")


def _show_generated(given: str, secret: str) -> None:
    if not given:
        tell(f"密码 {secret}（只显示这一次）", "password, shown this once")
