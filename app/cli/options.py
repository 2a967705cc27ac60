"""What the commands that turn to a running service are all given: its address, and who asks."""

from typing import Annotated

import typer

from app.cli.client import address
from app.cli.words import usage
from app.settings import Settings

Url = Annotated[str, typer.Option(help="服务地址；不写则由 LEDGER_HOST、LEDGER_PORT 得出", envvar="LEDGER_URL")]
User = Annotated[str, typer.Option(help="用户名", envvar="LEDGER_USER")]
Password = Annotated[str, typer.Option(help="密码；最好用环境变量", envvar="LEDGER_PASSWORD")]
Token = Annotated[str, typer.Option(help="访问令牌，代替用户名和密码", envvar="LEDGER_TOKEN")]


def here() -> str:
    """The service that is started with the same settings on this machine."""
    options = Settings()
    return address(options.host, options.port)


def require_login(user: str, password: str, token: str) -> None:
    """End the command unless it was told who asks."""
    if not token and not (user and password):
        usage(
            "请给出 --user 和 --password（或 LEDGER_USER、LEDGER_PASSWORD），或 --token。",
            "Give --user and --password (or LEDGER_USER, LEDGER_PASSWORD), or --token.",
        )
