"""A workbook that another program has opened and saved is read back as it was exported, whatever it did to the file."""

import asyncio
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import pytest

from tests.exports.test_round_trip import SUPERVISED, TYPES
from tests.support.callers import OFFICE, SUPERVISION, XLSX, Api
from tests.support.proofs import WHOLE, share
from tests.support.sent_back import exported_file, sent_back


def by_openpyxl(content: bytes) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def by_pandas(content: bytes) -> bytes:
    """Without a word of how it is laid out: title, totals and signatures become rows, days get a time."""
    [(name, frame)] = pandas.read_excel(io.BytesIO(content), sheet_name=None, header=2, engine="openpyxl").items()
    held = io.BytesIO()
    frame.to_excel(held, sheet_name=str(name), index=False)
    return held.getvalue()


async def exported_type(api: Api, path: str) -> bytes:
    return await exported_file(api, path, "xlsx", SUPERVISION if path in SUPERVISED else OFFICE)


async def nothing_changes(api: Api, path: str, content: bytes) -> None:
    done, rows = await sent_back(api, content, path, media=XLSX)
    assert done["state"] == "checked", done
    [sheet] = [s for s in done["sheets"] if s["type"]]
    assert sheet["rows"] == sheet["unchanged"] == len(rows) > 0, (
        path,
        sheet,
        [r for r in rows.values() if r["errors"]],
    )
    assert not any(row["warnings"] for row in rows.values()) and sheet["unknown_columns"] == [], path


@share(3)
@pytest.mark.parametrize("path", TYPES)
@pytest.mark.parametrize("save", [by_openpyxl, by_pandas])
async def test_it_is_read_back_unchanged(lianyuan: Api, path: str, save: Callable[[bytes], bytes]) -> None:
    await nothing_changes(lianyuan, path, save(await exported_type(lianyuan, path)))


@pytest.mark.proof
async def test_an_office_suite_changes_nothing_by_saving(lianyuan: Api, tmp_path: Path) -> None:
    if not WHOLE or not (office := shutil.which("soffice")):
        pytest.skip("made whole only, and where LibreOffice is installed (apt install libreoffice-calc-nogui)")
    for path in TYPES:
        (tmp_path / f"{path}.xlsx").write_bytes(await exported_type(lianyuan, path))  # a test may wait for its file
    sources: list[Any] = [str(tmp_path / f"{path}.xlsx") for path in TYPES]
    converting = await asyncio.create_subprocess_exec(
        office, f"-env:UserInstallation=file://{tmp_path}/home", "--headless", "--convert-to",
        "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), *sources,
    )  # fmt: skip
    assert await converting.wait() == 0
    for path in TYPES:
        await nothing_changes(lianyuan, path, (tmp_path / "out" / f"{path}.xlsx").read_bytes())
    print(f"saved by LibreOffice: {len(TYPES)} ledgers")
