"""The command `account`, beside a running service and without one."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from tests.cli.running import LAST_WORDS, free_port, running
from tests.support.client import over_http

OFFICE = ("--role", "inspection_office", "--jurisdiction", "431382")
# What cannot be done: how the command ends, and the sentence that says why.
REFUSED: list[tuple[tuple[str, ...], int, str]] = [
    (("add", "wu", "--role", "inspected_unit", "--jurisdiction", "431382"), 1, "“被巡察单位”须写明所属单位的编号"),
    (("add", "wu", *OFFICE, "--unit", "431382-U001"), 1, "“巡察办”不能有所属单位的编号"),
    (("add", "wu", "--role", "case_supervision", "--jurisdiction", "431382", "--unit", "U1"), 1, "没有找到所填的单位"),
    (("add", "wu", "--role", "chief", "--jurisdiction", "431382"), 1, "administrator"),
    (("add", "wu", "--role", "ledger_loader"), 1, "30 天"),
    (("add", "wu", *OFFICE, "--password", "1234567890"), 1, "容易猜到"),
    (("disable", "admin"), 1, "最后一个"),
    (("expire", "admin", "2030-01-01"), 1, "最后一个"),
    (("expire", "zhou", "tomorrow"), 2, "不是时刻"),
    (("unlock", "nobody"), 1, "没有 nobody"),
    (("confirm", "nobody"), 1, "没有 nobody"),
    (("add", "wu", *OFFICE, "--home", "431382-U999"), 1, "没有找到所填的本人所在单位"),
    (("add", "wu", *OFFICE, "--grants", "own_cadres"), 1, "不能有专项授权"),
    (("enable", "nobody"), 1, "没有 nobody"),
    (("password", "nobody"), 1, "没有 nobody"),
]  # fmt: skip


def account(*arguments: str) -> Any:
    """What the command answers."""
    return CliRunner().invoke(cli, ["account", *arguments])


def done(*arguments: str) -> str:
    """What a command says that must succeed."""
    ended = account(*arguments)
    assert ended.exit_code == 0, ended.output
    return str(ended.stdout)


def refused(arguments_and_ends: list[tuple[tuple[str, ...], int, str]]) -> None:
    """Each is said in one sentence."""
    for arguments, status, sentence in arguments_and_ends:
        ended = account(*arguments)
        assert (ended.exit_code, sentence in ended.stderr) == (status, True), (arguments, ended.output)
        assert "Traceback" not in ended.output


def signs_in(url: str, username: str, password: str) -> str:
    """A token, if these credentials are right."""
    answer = over_http(url).post("/v1/oauth/token", data={"username": username, "password": password})
    return str(answer.json()["access_token"]) if answer.status_code == 200 else ""


def comes_in(url: str, token: str) -> bool:
    return over_http(url, token).get("/v1/me").status_code == 200


def test_an_account_is_kept_from_the_command_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_DATA_DIR", str(data))
    with running("serve", data) as service:
        service.until(LAST_WORDS)
        (secret,) = re.findall(r"密码 (\S+?)（", done("add", "zhou", *OFFICE))
        token = signs_in(service.url, "zhou", secret)
        assert comes_in(service.url, token)
        assert "已发的令牌同时作废" in done("disable", "zhou")
        assert not comes_in(service.url, token) and not signs_in(service.url, "zhou", secret)
        assert "须重新登录" in done("enable", "zhou")
        assert not comes_in(service.url, token)
        token = signs_in(service.url, "zhou", secret)
        assert comes_in(service.url, token)
        done("password", "zhou", "--password", "another-password-2")
        assert not comes_in(service.url, token) and signs_in(service.url, "zhou", "another-password-2")
        for _ in range(5):
            assert not signs_in(service.url, "zhou", "wrong-password")
        assert not signs_in(service.url, "zhou", "another-password-2")
        assert "锁定到" in done("list")
        assert "锁定已解除" in done("unlock", "zhou")
        assert signs_in(service.url, "zhou", "another-password-2")
        done("expire", "zhou", "2017-06-09T12:00")
        assert not signs_in(service.url, "zhou", "another-password-2") and "到期 expired" in done("list")
        assert "长期有效" in done("expire", "zhou", "never")
        assert signs_in(service.url, "zhou", "another-password-2")
        done("add", "superior", "--role", "superior", "--jurisdiction", "4313")
        done("add", "share", "--role", "partner_system", "--jurisdiction", "431382", "--types", "findings, units")
        listed = done("list")
        assert "superior" in listed and "partner_system" in listed
        refused(REFUSED)
        assert service.stop() == 0
    refused(REFUSED[::7])  # no service needs to run for it


def test_the_command_line_counts_as_confirmed_and_confirms_what_waits(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_DATA_DIR", str(data))
    with running("serve", data, LEDGER_ADMIN_PASSWORD="the-first-password") as service:
        service.until(LAST_WORDS)
        done("add", "shen", "--role", "auditor", "--jurisdiction", "431382", "--password", "audits-every-day")
        done("add", "wang", *OFFICE, "--password", "works-in-the-office")
        with over_http(service.url, signs_in(service.url, "admin", "the-first-password")) as admin:
            assert not admin.get("/v1/me").json()["must_change_password"]
            body = {
                "username": "li",
                "password": "told-by-telephone",
                "role": "leading_group",
                "jurisdiction": "431382",
            }
            assert admin.post("/v1/accounts", json=body).json()["confirmation"] == "pending"
        with over_http(service.url, signs_in(service.url, "wang", "works-in-the-office")) as wang:
            assert wang.get("/v1/findings").status_code == 200, "neither to confirm nor to change its password"
        assert "待确认" in done("list")
        done("password", "li", "--password", "told-at-the-desk")
        assert "待确认" in done("list"), "a password does not confirm in passing"
        assert "现已有效" in done("confirm", "li")
        with over_http(service.url, signs_in(service.url, "li", "told-at-the-desk")) as li:
            assert li.get("/v1/findings").status_code == 200
        with over_http(service.url, signs_in(service.url, "shen", "audits-every-day")) as shen:
            entries = shen.get("/v1/account-changes").json()["items"]
        found = [(e["principal"], e["action"], e["maker"], e["state"], e["decided_by"]) for e in entries]
        assert found == [
            ("li", "set_password", "command line", "confirmed", None),
            ("li", "create", "admin", "confirmed", "command line"),
            ("wang", "create", "command line", "confirmed", None),
            ("shen", "create", "command line", "confirmed", None),
            ("admin", "create", "command line", "confirmed", None),
        ]
        assert "免予第二人确认" not in service.text and service.stop() == 0
    with running("serve", data, LEDGER_ACCOUNT_CONFIRMATION="waived") as service:
        service.until(LAST_WORDS)
        assert "免予第二人确认" in service.text
        with over_http(service.url, signs_in(service.url, "wang", "works-in-the-office")) as wang:
            assert wang.get("/v1/me").json()["account_confirmation"] == "waived"
        assert service.stop() == 0


def test_who_may_not_migrate_changes_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_DATA_DIR", str(tmp_path))
    for name in ("", "AUTH_", "JOBS_", "SEALING_"):
        monkeypatch.setenv(f"LEDGER_{name}DATABASE_URL", "postgresql://ledger_app@127.0.0.1:1/ledger")
    monkeypatch.delenv("LEDGER_OWNER_DATABASE_URL", raising=False)
    for arguments in (
        ("add", "wu", *OFFICE),
        ("password", "wu"),
        ("enable", "wu"),
        ("unlock", "wu"),
        ("confirm", "wu"),
    ):
        ended = account(*arguments)
        assert ended.exit_code == 2 and "LEDGER_OWNER_DATABASE_URL" in ended.stderr, ended.output


def test_an_import_turns_to_the_service_that_the_settings_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = tmp_path / "ledger.xlsx"
    ledger.touch()
    port = str(free_port())
    monkeypatch.delenv("LEDGER_URL", raising=False)
    monkeypatch.setenv("LEDGER_HOST", "0.0.0.0")  # noqa: S104  # where a service listens, not where it is called
    monkeypatch.setenv("LEDGER_PORT", port)
    ended = CliRunner().invoke(cli, ["import", str(ledger), "--token", "x"])
    assert ended.exit_code == 1 and f"连不上 http://127.0.0.1:{port}（" in ended.stderr, ended.output
