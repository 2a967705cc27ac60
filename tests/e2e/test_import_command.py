"""`python -m app import` as a clerk and a script use it: mapping, warnings, exit statuses, going on."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import cli
from app.db.embedded import EmbeddedPostgres
from tests.e2e.conftest import Server
from tests.e2e.test_resent_upload import imports
from tests.support.callers import PASSWORD
from tests.support.databases import beside

LEDGER = "编码,单位叫法,种类,备注,上级\n431382-U{n}01,命令{n}镇,乡镇街道,,\n431382-U{n}02,命令{n}村,{kind},,命令{n}镇\n"
MAPPING = {"csv": {"编码": "number", "单位叫法": "name", "种类": "kind", "上级": "parent_id"}}


class Command:
    """The command against one service."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder

    def file(self, n: int, kind: str = "村组", name: str = "单位.csv") -> str:
        """A ledger of units whose headings nobody knows."""
        path = self.folder / name
        path.write_text(LEDGER.format(n=n, kind=kind), encoding="utf-8")
        return str(path)

    def run(self, *arguments: str) -> Result:
        """What the command says, and its status."""
        options = ("--url", self.server.address, "--user", "office", "--password", PASSWORD)
        return CliRunner().invoke(cli, ["import", *arguments, *options])

    def units(self, q: str) -> int:
        """How many units of this name there are."""
        return len(self.server.client().get("/v1/units", params={"q": q}).json()["items"])


@pytest.fixture
def command(new_server: Callable[[str], Server], tmp_path: Path) -> Command:
    return Command(new_server("command"), tmp_path)


def test_a_ledger_is_mapped_mended_and_gone_on_with(
    command: Command, own: tuple[EmbeddedPostgres, Path], tmp_path: Path
) -> None:
    told = command.run(command.file(1), "--type", "units", "--mode", "preview")
    assert told.exit_code == 3, told.output
    proposed = next(json.loads(line) for line in told.stdout.splitlines() if line.strip().startswith("{"))
    assert proposed["csv"]["单位叫法"] == "name", "it is proposed, and not applied"
    kept = tmp_path / "mapping.json"
    kept.write_text(json.dumps(MAPPING, ensure_ascii=False), encoding="utf-8")

    wrong = command.run(command.file(1, "村庄"), "--type", "units", "--mapping", str(kept))
    assert (wrong.exit_code, command.units("命令1")) == (3, 0), wrong.output
    assert "村组、" in wrong.stdout and "不在可选范围内" in wrong.stdout, "what is allowed is printed"
    partly = command.run(command.file(1, "村庄"), "--type", "units", "--mapping", str(kept), "--on-error", "skip_rows")
    assert (partly.exit_code, command.units("命令1")) == (4, 1), partly.output

    seen = command.run(command.file(2), "--type", "units", "--mode", "preview", "--mapping", json.dumps(MAPPING))
    assert seen.exit_code == 0 and command.units("命令2") == 0, seen.output
    [import_id] = set(re.findall(r"--resume ([0-9a-f-]{36})", seen.stdout))
    for _ in range(2):  # however often it is called
        done = command.run("--resume", import_id, "--remember")
        assert (done.exit_code, command.units("命令2")) == (0, 2), done.output
    again = command.run(command.file(3), "--type", "units")
    assert again.exit_code == 0 and "照以前记住的对应" in again.stdout, again.output

    before = asyncio.run(imports(beside(own[0].superuser_url, command.server.database)))
    for _ in range(2):  # a script that was killed and begins anew
        assert command.run(command.file(4), "--type", "units", "--key", "nightly-4").exit_code == 0
    assert asyncio.run(imports(beside(own[0].superuser_url, command.server.database))) == before + 1


def test_what_is_called_wrongly_or_is_not_there_is_one_sentence(command: Command) -> None:
    for arguments, status, sentence in (
        ((), 2, "--resume"),
        ((command.file(1), "--type", "units", "--mapping", "nowhere.json"), 2, "nowhere.json"),
        ((command.file(1), "--type", "units", "--mapping", '{"csv": {"编码": "nummer"}}'), 1, "number"),
        (("--resume", "01a20750-5957-777f-ae32-d19df7930829"), 1, "404"),
    ):
        told = command.run(*arguments)
        assert (told.exit_code, sentence in told.output) == (status, True), told.output


def test_warnings_reach_the_command_line(command: Command) -> None:
    path = command.folder / "提醒.csv"
    path.write_text("单位编码,单位名称,单位类型,\n431382-U900,提醒镇,乡镇街道,多出来的\n", encoding="utf-8")
    told = command.run(str(path), "--type", "units")
    assert told.exit_code == 0 and "D 列没有列名" in told.stdout and "列D" in told.stdout, told.output


def test_what_is_said_of_a_whole_sheet_reaches_the_command_line(command: Command) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("说明")
    page = book.worksheets[0]
    page.title, page.sheet_state, book.active = "单位名录", "hidden", 1
    for row in (["单位编码", "单位名称", "单位类型"], ["431382-U910", "隐藏镇", "乡镇街道"]):
        page.append(row)
    path = command.folder / "隐藏.xlsx"
    book.save(path)
    told = command.run(str(path), "--mode", "preview")
    assert told.exit_code == 0 and "这张工作表" in told.stdout.replace("\n", ""), told.output
