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


def account(*arguments: str) -> Any:
    """What the command answers."""
    return CliRunner().invoke(cli, ["account", *arguments])


def done(*arguments: str) -> str:
    """What a command says that must succeed."""
    ended = account(*arguments)
    assert ended.exit_code == 0, ended.output
    return str(ended.stdout)


def signs_in(url: str, username: str, password: str) -> str:
    """A token, if these credentials are right."""
    answer = over_http(url).post("/v1/oauth/token", data={"username": username, "password": password})
    return str(answer.json()["access_token"]) if answer.status_code == 200 else ""


def comes_in(url: str, token: str) -> bool:
    return over_http(url, token).get("/v1/me").status_code == 200


def test_an_account_is_kept_from_the_command_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_DATA_DIR", str(place / "data"))
    with running("serve", place / "data") as service:
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
        assert service.stop() == 0
    refusals(place)


def refusals(place: Path) -> None:
    """What cannot be done is said in one sentence, and no service needs to run for it."""
    for arguments, status, sentence in (
        (("add", "wu", "--role", "inspected_unit", "--jurisdiction", "431382"), 1, "“被巡察单位”须写明所属单位的编号"),
        (("add", "wu", *OFFICE, "--unit", "431382-U001"), 1, "“巡察办”不能有所属单位的编号"),
        (("add", "wu", "--role", "case_supervision", "--jurisdiction", "431382", "--unit", "U1"), 1, "没有找到所填的单位"),  # noqa: E501
        (("add", "wu", "--role", "chief", "--jurisdiction", "431382"), 1, "administrator"),
        (("add", "wu", "--role", "ledger_loader"), 1, "30 天"),
        (("add", "wu", *OFFICE, "--password", "1234567890"), 1, "容易猜到"),
        (("disable", "admin"), 1, "最后一个"),
        (("expire", "admin", "2030-01-01"), 1, "最后一个"),
        (("expire", "zhou", "tomorrow"), 2, "不是时刻"),
        (("unlock", "nobody"), 1, "没有 nobody"),
        (("enable", "nobody"), 1, "没有 nobody"),
        (("password", "nobody"), 1, "没有 nobody"),
    ):  # fmt: skip
        ended = account(*arguments)
        assert (ended.exit_code, sentence in ended.stderr) == (status, True), (arguments, ended.output)
        assert "Traceback" not in ended.output


def test_an_import_turns_to_the_service_that_the_settings_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = tmp_path / "ledger.xlsx"
    ledger.touch()
    port = str(free_port())
    monkeypatch.delenv("LEDGER_URL", raising=False)
    monkeypatch.setenv("LEDGER_HOST", "0.0.0.0")  # noqa: S104  # where a service listens, not where it is called
    monkeypatch.setenv("LEDGER_PORT", port)
    ended = CliRunner().invoke(cli, ["import", str(ledger), "--token", "x"])
    assert ended.exit_code == 1 and f"连不上 http://127.0.0.1:{port}（" in ended.stderr, ended.output
