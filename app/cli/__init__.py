"""The command line: starting the service, its accounts, importing a file, and what is made from the code."""

from typing import Annotated

import typer

from app.cli.account import accounts
from app.cli.check import check
from app.cli.exporting import export_file
from app.cli.generate import docs, openapi
from app.cli.importing import import_file
from app.cli.keys import rotate_key
from app.cli.prune import prune
from app.cli.words import foreseeable, prepare_streams, tell

cli = typer.Typer(
    name="python -m app",
    help="巡察台账。The inspection ledger.",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
cli.add_typer(accounts, name="account")
cli.command("import")(import_file)
cli.command("export")(export_file)
cli.command("rotate-key")(rotate_key)
cli.command()(prune)
cli.command()(check)
cli.command()(openapi)
cli.command()(docs)


@cli.command()
def serve() -> None:
    """启动服务。Start the service; its settings are environment variables, LEDGER_…"""
    from app.cli.launcher import launch

    with foreseeable():
        launch()


@cli.command()
def demo() -> None:
    """启动服务并导入涟源 2017 年示例台账。Start the service and import the example ledger."""
    from app.cli.demo import launch_demo

    with foreseeable():
        launch_demo()


@cli.command()
def migrate(target: Annotated[str, typer.Argument(help="目标版本 revision")] = "head") -> None:
    """更新数据库结构。Bring the schema up to date (LEDGER_OWNER_DATABASE_URL, or the embedded database)."""
    from app.cli.database import migrate_only

    with foreseeable():
        tell(*migrate_only(target))


def main() -> None:
    """The entry point of `python -m app`."""
    prepare_streams()
    cli()
