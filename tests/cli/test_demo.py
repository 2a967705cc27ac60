"""The demo and the command `import`, as a person runs them."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.cli.client import answer, client
from app.roles import ROLES
from tests.cli.running import LAST_WORDS, PROJECT, gone, run, running
from tests.support.client import over_http

SEED = PROJECT / "demo" / "lianyuan-2017"
SENTENCE = json.loads((SEED / "expected-work-list.json").read_text(encoding="utf-8"))["text"]
WRONG_CSV = "轮次,巡察组名称,组长\n431382-2017-01,,\n431382-2031-09,第九巡察组,\n"


def test_a_demo_killed_during_the_import_begins_again_and_a_later_one_imports_nothing(place: Path) -> None:
    with running("demo", place / "data") as killed:
        killed.until("检查 checking")
        children = killed.children()
        killed.process.kill()
        assert gone(children)
    with running("demo", place / "data") as demo:
        demo.until(LAST_WORDS)
        assert "已写入" in demo.text
        assert f"工作清单：{SENTENCE}\n" in demo.text
        assert '"route"' not in demo.text and '"event"' not in demo.text, "lines go to a file"
        assert demo.stop() == 0
    assert "/work-list" in (place / "data" / "access.log").read_text(), "a line follows its answer"
    kept = place / "data" / "demo-accounts.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    accounts = json.loads(kept.read_text())
    assert set(accounts) == {"admin", *ROLES}
    with running("demo", place / "data", LEDGER_DEMO_PASSWORD="another-password") as demo:
        demo.until(LAST_WORDS)
        assert "不再导入" in demo.text
        assert "密码不变" in demo.text
        assert f"工作清单：{SENTENCE}\n" in demo.text
        assert json.loads(kept.read_text()) == accounts
        assert all(f"{name:24} 密码 password  {secret}" in demo.text for name, secret in accounts.items())
        every_role_signs_in_but_the_loader(demo.url, accounts)
        imports_say_what_became_of_every_row(place, demo.url, accounts)


def every_role_signs_in_but_the_loader(url: str, accounts: dict[str, str]) -> None:
    for name, password in accounts.items():
        form = {"grant_type": "password", "username": name, "password": password}
        answered = over_http(url).post("/v1/oauth/token", data=form).status_code
        assert answered == (401 if name == "ledger_loader" else 200), name


def imports_say_what_became_of_every_row(place: Path, url: str, accounts: dict[str, str]) -> None:
    with client(url, "admin", accounts["admin"]) as http:
        headers = {"Content-Type": "application/merge-patch+json"}
        answer(http.patch("/v1/accounts/ledger_loader", json={"disabled": False}, headers=headers))
    office, password = ["import", "--url", url, "--user", "ledger_loader", "--password"], accounts["ledger_loader"]
    same = CliRunner().invoke(cli, [*office, password, str(SEED / "ledger.xlsx")])
    assert (same.exit_code, "已写入" in same.stdout) == (0, True), same.output
    opinions = next(line for line in same.stdout.splitlines() if "rectification-opinions" in line)
    assert [cell.strip() for cell in opinions.split("│")][2:7] == ["294", "0", "0", "294", "0"]

    wrong = place / "wrong.csv"
    wrong.write_text(WRONG_CSV, encoding="utf-8")
    rejected = CliRunner().invoke(cli, [*office, password, str(wrong), "--type", "teams"])
    assert (rejected.exit_code, "什么都没有写入" in rejected.stdout) == (3, True), rejected.output
    shown = [[cell.strip() for cell in line.split("│")] for line in rejected.stdout.splitlines() if "│" in line]
    assert {row[1] for row in shown if len(row) == 5} == {"2", "3"}, "each rejected row, as Excel counts"

    refused = CliRunner().invoke(cli, [*office, "wrong", str(wrong), "--type", "teams"])
    assert (refused.exit_code, "401" in refused.stderr) == (1, True), refused.output


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["missing.xlsx"], 2, "没有文件"),
        ([__file__], 2, "不认识扩展名"),
        ([str(next((SEED / "csv-gb18030").iterdir()))], 2, "--type"),
        ([str(SEED / "ledger.xlsx")], 2, "--user"),
        ([str(SEED / "ledger.xlsx"), "--token", "x", "--url", "http://127.0.0.1:1"], 1, "连不上"),
    ],
    ids=["file", "suffix", "type", "user", "service"],
)
def test_an_import_that_cannot_begin_is_one_sentence(arguments: list[str], status: int, sentence: str) -> None:
    ended = CliRunner().invoke(cli, ["import", *arguments])
    assert (ended.exit_code, sentence in ended.stderr) == (status, True), ended.output


@pytest.mark.parametrize("setting", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}])
def test_chinese_is_printed_whatever_the_locale(tmp_path: Path, setting: dict[str, str]) -> None:
    ended = run(tmp_path, "import", "missing.xlsx", **{"LANG": "", "PYTHONUTF8": "0", **setting})
    assert "没有文件" in ended.stderr
