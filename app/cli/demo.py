"""The demo: the service with the example ledger of Lianyuan 2017, imported over HTTP as a loader would."""

from pathlib import Path
from typing import Any

import httpx

from app.cli.client import Refused, answer, client
from app.cli.demo_accounts import OFFICE, PASSWORD_FILE, DemoAccounts, PasswordFile
from app.cli.first_account import ADMIN
from app.cli.import_report import report
from app.cli.launcher import Started, launch
from app.cli.upload import follow, progress_bar, send
from app.cli.words import Stop, complain, tell

SEED = Path(__file__).resolve().parents[2] / "demo" / "lianyuan-2017" / "ledger.xlsx"
ROUND_NUMBER = "431382-2017-01"
DEPARTMENT = {"name": "第一监督检查室", "kind": "discipline_body", "parent_number": "431382-U001"}


def launch_demo() -> None:
    """Serve like `serve`, and show the demo once the service is ready."""
    launch(
        after_ready=_show, keep=lambda directory, password: PasswordFile(directory / PASSWORD_FILE).add(ADMIN, password)
    )


def _show(started: Started) -> None:
    """Show the demo. A failure is printed as a sentence and never ends the service."""
    try:
        _demonstrate(started)
    except (Stop, httpx.HTTPError) as problem:
        if not started.ending.is_set():
            complain(f"演示没有完成：{problem}\n服务仍在运行。/ The demo was not finished; the service goes on.")


def _demonstrate(started: Started) -> None:
    accounts = DemoAccounts(started, PasswordFile(started.directory / PASSWORD_FILE))
    if not started.database.owner_url:
        raise Stop(
            "演示账号不须第二人确认，所以要能改数据库结构：请设置 LEDGER_OWNER_DATABASE_URL 后再运行。",
            "The demo's accounts count as confirmed: set LEDGER_OWNER_DATABASE_URL and run the demo again.",
        )
    accounts.open(OFFICE)
    if not accounts.opens(OFFICE, accounts.password(OFFICE)):
        raise Stop(
            f"账号 {OFFICE} 已有别的密码，不作改动；请另设后再运行：python -m app account password {OFFICE}。",
            f"The account {OFFICE} has another password, which stays: set one and run the demo again.",
        )
    with client(started.url, OFFICE, accounts.password(OFFICE)) as office:
        if _is_there(office):
            tell(
                f"轮次 {ROUND_NUMBER} 已在台账中，不再导入。",
                "The round is in the ledger already; nothing is imported.",
            )
        else:
            with accounts.loader() as loader:
                _import(loader, started)
        accounts.open_all(_department(office))
        work_list = answer(office.get(f"/v1/rounds/{ROUND_NUMBER}/work-list"))
    tell("")
    tell(f"工作清单：{work_list['text']}")
    tell("")
    accounts.show()


def _department(office: httpx.Client) -> str:
    """The number of the department that handles clues, below the discipline body: opened if it is not there yet."""
    found = answer(office.get("/v1/units", params={"q": DEPARTMENT["name"]}))["items"]
    return str((found[0] if found else answer(office.post("/v1/units", json=DEPARTMENT)))["number"])


def _is_there(office: httpx.Client) -> bool:
    try:
        answer(office.get(f"/v1/rounds/{ROUND_NUMBER}"))
    except Refused as refused:
        if refused.status_code != 404:
            raise
        return False
    return True


def _import(http: httpx.Client, started: Started) -> None:
    tell(f"导入示例台账 {SEED.name} ……", "Importing the example ledger …")
    with progress_bar() as show:
        job: dict[str, Any] = follow(
            http, send(http, SEED, {"mode": "commit"}, show, started.ending), show, started.ending
        )
    report(http, job)
    if job["state"] != "committed":
        raise Stop("示例台账没有写入。", "The example ledger was not committed.")
