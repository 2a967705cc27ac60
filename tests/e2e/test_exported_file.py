"""`python -m app export` leaves the whole file, or none, whatever becomes of the line."""

import csv
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from app.cli import cli
from tests.e2e.conftest import Server, ended
from tests.e2e.test_resent_upload import Line
from tests.support.callers import CSV, PASSWORD

UNITS = 4500


def stock(server: Server) -> Server:
    """The server, with more units than a batch of an export holds."""
    rows = "".join(f"第{n:05}村,村组,甲\n" for n in range(UNITS))
    office, query = server.client(), {"type": "units", "mode": "commit"}
    content = f"单位名称,单位类型,备注\n{rows}".encode()
    sent = office.post("/v1/imports", params=query, content=content, headers={"Content-Type": CSV})
    assert (done := ended(office, sent.headers["location"]))["state"] == "committed", done
    return server


def export(port: int, *arguments: str) -> Any:
    options = ("--url", f"http://127.0.0.1:{port}", "--user", "office", "--password", PASSWORD)
    return CliRunner().invoke(cli, ["export", *arguments, *options])


def test_a_file_is_whole_or_not_there(new_server: Callable[[str], Server], tmp_path: Path) -> None:
    stocked = stock(new_server("taken_out"))
    file = tmp_path / "units.csv"
    line = Line(stocked.port, b"GET /v1/units/export", part=700)
    threading.Thread(target=line.serve, daemon=True).start()
    told = export(line.port, "units", "-o", str(file))
    line.close()
    assert (told.exit_code, line.lost) == (0, 1), told.output
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == UNITS + 1 and len({row[0] for row in rows}) == UNITS + 1
    assert str(file.stat().st_size) in told.output and [p.name for p in tmp_path.iterdir()] == ["units.csv"]
    before = file.read_bytes()
    for arguments, status in (
        (("units", "-o", str(file), "--filter", "colour=red"), 1), (("nonsense", "-o", str(file)), 1),
        (("units", "-o", str(file), "--filter", "state"), 2), (("units", "-o", str(tmp_path / "units.pdf")), 2),
    ):  # fmt: skip
        refused = export(stocked.port, *arguments)
        assert refused.exit_code == status, (arguments, refused.output)
        assert file.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["units.csv"], arguments
    narrowed = export(stocked.port, "units", "-o", str(file), "--filter", "q=第00017村", "--charset", "gb18030")
    assert narrowed.exit_code == 0, narrowed.output
    assert [row[2] for row in csv.reader(file.read_text(encoding="gb18030").splitlines())][1:] == ["第00017村"]
