"""The demo: the service with the example ledger of Lianyuan 2017, imported over HTTP as a clerk would."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.accounts import passwords
from app.cli.client import Refused, answer, client
from app.cli.first_account import ADMIN
from app.cli.importing import report
from app.cli.launcher import Started, launch
from app.cli.upload import follow, progress_bar, send
from app.cli.words import Stop, complain, tell

SEED = Path(__file__).resolve().parents[2] / "demo" / "lianyuan-2017" / "ledger.xlsx"
ROUND, JURISDICTION = "431382-2017-01", "431382"
OFFICE = "inspection_office"
KEPT = "demo-accounts.json"


@dataclass
class Kept:
    """The passwords with which the demo made its accounts: a file of the data directory, readable by its owner alone.

    A password is written down before its account is made, so that no crash leaves an account nobody can open.
    """

    file: Path

    def read(self) -> dict[str, str]:
        """User name to password."""
        try:
            found = json.loads(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def add(self, username: str, password: str) -> None:
        """Writes one more down, at once and wholly."""
        new = self.file.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump({**self.read(), username: password}, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        new.rename(self.file)


def launch_demo() -> None:
    """Serves like `serve`, and beside it shows the demo."""
    launch(friend=_show, keep=lambda directory, password: Kept(directory / KEPT).add(ADMIN, password))


def _show(started: Started) -> None:
    """Never ends the service: what went wrong is a sentence, and the service can be looked into."""
    try:
        _demonstrate(started)
    except (Stop, httpx.HTTPError) as problem:
        if not started.ending.is_set():
            complain(f"演示没有完成：{problem}\n服务仍在运行。/ The demo was not finished; the service goes on.")


def _demonstrate(started: Started) -> None:
    kept = Kept(started.directory / KEPT)
    username, password = _account(started, kept)
    with client(started.url, username, password) as http:
        _import_once(http, started)
        work_list = answer(http.get(f"/v1/rounds/{ROUND}/work-list"))
    tell("")
    tell(f"工作清单：{work_list['text']}")
    tell("")
    for name, secret in kept.read().items():
        tell(f"账号 account         {name}  密码 password  {secret}")
    tell(f"密码存放 kept in     {kept.file}")


def _account(started: Started, kept: Kept) -> tuple[str, str]:
    """An account that may import: the office's, made on first use; else the administrator's."""
    wanted = started.options.demo_password
    candidates = [*([wanted.get_secret_value()] if wanted else []), *_of(kept, OFFICE)]
    admin = started.options.admin_password
    for password in candidates:
        if _opens(started.url, OFFICE, password):
            tell(f"演示账号 {OFFICE} 已在，密码不变。", "The demo's account is there; no password was changed.")
            return OFFICE, password
    for password in [*([admin.get_secret_value()] if admin else []), *_of(kept, ADMIN)]:
        if _opens(started.url, ADMIN, password):
            return _opened_by(started.url, password, candidates, kept)
    raise Stop(
        "不知道 admin 的密码（它不是演示开立的），请设置 LEDGER_ADMIN_PASSWORD 后再运行，"
        "或先用 python -m app account password admin 另设。",
        "The password of admin is not known here: set LEDGER_ADMIN_PASSWORD and run the demo again.",
    )


def _of(kept: Kept, username: str) -> list[str]:
    found = kept.read().get(username)
    return [found] if found else []


def _opens(url: str, username: str, password: str) -> bool:
    try:
        with client(url, username, password) as http:
            answer(http.get("/v1/me"))
    except Refused as refused:
        if refused.status_code not in (400, 401, 403):
            raise
        return False
    return True


def _opened_by(url: str, admin_password: str, candidates: list[str], kept: Kept) -> tuple[str, str]:
    """Makes the office's account as the administrator. If it is there with an unknown password, admin does the work."""
    password = next(iter(candidates), None) or passwords.generated()
    account = {"username": OFFICE, "password": password, "role": OFFICE, "jurisdiction": JURISDICTION}
    with client(url, ADMIN, admin_password) as http:
        if http.get(f"/v1/accounts/{OFFICE}").status_code != 404:
            tell(
                f"账号 {OFFICE} 已有别的密码，不作改动；由 admin 继续。",
                f"The account {OFFICE} has another password, which stays; admin goes on.",
            )
            return ADMIN, admin_password
        kept.add(OFFICE, password)
        answer(http.post("/v1/accounts", json=account))
    tell(f"已开立演示账号 {OFFICE}。", "The demo's account was made.")
    return OFFICE, password


def _import_once(http: httpx.Client, started: Started) -> None:
    found = http.get(f"/v1/rounds/{ROUND}")
    if found.status_code != 404:
        answer(found)
        tell(f"轮次 {ROUND} 已在台账中，不再导入。", "The round is in the ledger already; nothing is imported.")
        return
    tell(f"导入示例台账 {SEED.name} ……", "Importing the example ledger …")
    with progress_bar() as show:
        job: dict[str, Any] = follow(http, send(http, SEED, {"mode": "commit"}, show), show, started.ending)
    report(http, job)
    if job["state"] != "committed":
        raise Stop("示例台账没有写入。", "The example ledger was not committed.")
