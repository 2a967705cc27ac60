"""Starting and ending the service: another process, as a person runs it."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from tests.cli.running import LAST_WORDS, SECONDS, free_port, gone, running
from tests.support.client import over_http

PASSWORD = re.compile(r"账号 admin 的密码 (\S+?)（")
OFFICE = ("--role", "inspection_office", "--jurisdiction", "431382")


def signs_in(url: str, username: str, password: str) -> bool:
    form = {"grant_type": "password", "username": username, "password": password}
    return over_http(url).post("/v1/oauth/token", data=form).status_code == 200


def test_the_first_start_makes_admin_and_a_later_one_changes_nothing(place: Path) -> None:
    with running("serve", place / "data", "app") as service:
        service.until(LAST_WORDS)
        (password,) = PASSWORD.findall(service.text)
        assert f"{service.url}/docs" in service.text
        assert str(place / "data") in service.text
        assert over_http(service.url).get("/health/ready").status_code == 200
        assert "server" not in over_http(service.url).get("/docs").headers
        assert signs_in(service.url, "admin", password)
        children = service.children()
        assert children, "the embedded Postgres"
        assert service.stop() == 0
        assert gone(children)
    with running("serve", place / "data", "app", LEDGER_ADMIN_PASSWORD="another-password") as service:
        service.until(LAST_WORDS)
        assert "LEDGER_ADMIN_PASSWORD 未予采用" in service.text
        assert password not in service.text
        assert signs_in(service.url, "admin", password)
        assert not signs_in(service.url, "admin", "another-password")


def test_a_running_service_keeps_its_port_and_directory_and_accounts_are_made_beside_it(
    place: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_DATA_DIR", str(data))
    with running("serve", data) as service:
        service.until(LAST_WORDS)
        with running("serve", place / "elsewhere", LEDGER_PORT=str(service.port)) as same_port:
            same_port.until("已被另一个程序占用")
            assert same_port.process.wait(SECONDS) == 1
        with running("serve", data) as same_directory:
            same_directory.until("另一个服务")
            assert same_directory.process.wait(SECONDS) == 1
        made = CliRunner().invoke(cli, ["account", "add", "zhou", *OFFICE])
        (secret,) = re.findall(r"密码 (\S+?)（", made.stdout)
        assert signs_in(service.url, "zhou", secret)
        assert CliRunner().invoke(cli, ["account", "disable", "zhou"]).exit_code == 0
        assert not signs_in(service.url, "zhou", secret)
        again = CliRunner().invoke(cli, ["account", "add", "zhou", *OFFICE])
        assert (again.exit_code, "用户名已有人使用" in again.stderr) == (1, True), again.output


def test_killing_the_launcher_takes_workers_and_database_along(data: Path) -> None:
    with running("serve", data, LEDGER_WORKERS="2") as service:
        service.until(LAST_WORDS)
        children = service.children()
        assert len([c for c in children if "spawn_main" in " ".join(c.cmdline())]) == 2
        assert "ledger_requests" in over_http(service.url).get("/metrics").text
        service.process.kill()
        assert gone(children)


@pytest.mark.parametrize(
    ("name", "value", "status", "sentence"),
    [
        ("PORT", "http", 2, "LEDGER_PORT"),
        ("HOST", "no-such-host.invalid", 2, "LEDGER_HOST"),
        ("DATABASE_URL", "mysql://somewhere", 2, "postgresql://用户"),
        ("DATABASE_URL", "postgresql://zhou:secret@127.0.0.1:1/ledger", 1, "连不上数据库 127.0.0.1:1/ledger"),
        ("DATA_DIR", __file__, 2, "不是目录"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, status: int, sentence: str
) -> None:
    monkeypatch.setenv("LEDGER_PORT", str(free_port()))
    monkeypatch.setenv("LEDGER_DATA_DIR", str(tmp_path))
    for login in ("AUTH", "JOBS"):
        monkeypatch.setenv(f"LEDGER_{login}_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/ledger")
    monkeypatch.setenv(f"LEDGER_{name}", value)
    ended = CliRunner().invoke(cli, ["serve"])
    assert (ended.exit_code, sentence in ended.stderr) == (status, True), ended.output
    assert "secret" not in ended.output, "no password is printed"
