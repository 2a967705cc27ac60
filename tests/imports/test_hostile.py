"""Files that are broken, disguised or meant to do harm: each ends as a clear failure, and the service goes on."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.main import create_app
from app.settings import Settings
from tests.imports.conftest import Place
from tests.support.bureaus import account
from tests.support.callers import CSV, XLSX, Api
from tests.support.databases import addresses
from tests.support.ledgers import FINDING, delimited, finding, register, workbook

GOOD = workbook({"问题台账": [FINDING, finding("431382", 1)]})
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def altered(part: str, content: bytes) -> bytes:
    """The good workbook with one part replaced."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, content if name == part else source.read(name))
    return held.getvalue()


def vast() -> bytes:
    """A sheet of two cells that lie a million rows apart."""
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + "".join(
        f'<row r="{n}"><c r="XFD{n}" t="inlineStr"><is><t>x</t></is></c></row>' for n in (1, 1048576)
    )
    return altered("xl/worksheets/sheet1.xml", (sheet + "</sheetData></worksheet>").encode())


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'
BROKEN = b'<worksheet><sheetData><row r="1"><c r="A1"><v>1</x>'
FILES: dict[str, tuple[bytes, str, str]] = {
    "an empty file": (b"", XLSX, "empty_file"),
    "an empty csv": (b"", CSV, "empty_file"),
    "a zip bomb": (altered("xl/worksheets/sheet1.xml", b" " * 2**26), XLSX, "workbook_too_large"),
    "a truncated workbook": (GOOD[: len(GOOD) // 2], XLSX, "not_a_workbook"),
    "a workbook with a flipped byte": (GOOD[:300] + bytes([GOOD[300] ^ 255]) + GOOD[301:], XLSX, "not_a_workbook"),
    "a zip that is no workbook": (b"PK\x05\x06" + b"\0" * 18, XLSX, "not_a_workbook"),
    "a workbook under a password": (OLE + "EncryptedPackage".encode("utf-16-le"), XLSX, "workbook_encrypted"),
    "an old xls": (OLE, XLSX, "workbook_format"),
    "a web page named xlsx": (b"<html><table><tr><td>x</td></tr></table></html>", XLSX, "workbook_format"),
    "text named xlsx": (b"a,b,c\n", XLSX, "not_a_workbook"),
    "a vast sheet": (vast(), XLSX, "too_many_columns"),
    "a billion laughs": (altered("xl/sharedStrings.xml", LAUGHS), XLSX, "not_a_workbook"),
    "broken sheet xml": (altered("xl/worksheets/sheet1.xml", BROKEN), XLSX, "not_a_workbook"),
    "bytes in no encoding": (b"\xff\xfe\xfd\x81" * 9 + b"\x81", CSV, "undecodable_text"),
    "a quote that never closes": (delimited([FINDING]) + b'"1,2\n3,4\n', CSV, "quote_not_closed"),
    "a line without end": (b"x" * 5 * 2**20, CSV, "line_too_long"),
    "a workbook of unknown sheets": (workbook({"甲": [["x"]]}), XLSX, "nothing_to_import"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_cannot_be_read_fails_with_a_sentence(desk: Place, name: str) -> None:
    content, media, code = FILES[name]
    done = await desk.api.import_file(content, media, mode="preview", **({"type": "findings"} if media == CSV else {}))
    assert (done["state"], done["problem"]["code"]) == ("failed", code), done["problem"]
    assert "请" in done["problem"]["message"] and done["finished_at"]


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_cannot_be_read_harms_no_caller_whose_jurisdiction_is_read_from_it(
    loader: Api, name: str
) -> None:
    content, media, _ = FILES[name]
    params = {"type": "findings"} if media == CSV else {}
    answer = await loader.post("/v1/imports", params=params, content=content, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (422, "jurisdiction_required")


@pytest.mark.parametrize("media", ["application/pdf", "application/vnd.ms-excel", "text/plain", "", "application/json"])
async def test_another_kind_of_file_is_refused_with_the_kinds_that_are_taken(desk: Place, media: str) -> None:
    answer = await desk.api.post("/v1/imports", content=b"x", headers={"Content-Type": media} if media else {})
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_media_type")
    assert "spreadsheetml" in answer.json()["detail"]


async def test_a_form_needs_one_file_of_a_known_kind(desk: Place) -> None:
    good = await desk.api.post("/v1/imports", files={"file": ("台账.xlsx", workbook(register(desk.code)), XLSX)})
    assert (good.status_code, good.json()["file_name"]) == (202, "台账.xlsx")
    assert (await desk.api.ended(good.headers["location"]))["state"] == "checked"
    assert (
        await desk.api.post("/v1/imports", files={"file": ("a.exe", b"x", "application/x-msdownload")})
    ).status_code == 415
    assert (
        await desk.api.post("/v1/imports", files=[("file", ("a.csv", b"x", CSV)), ("g", ("b.csv", b"y", CSV))])
    ).status_code in (400, 413, 422)
    assert (
        await desk.api.post("/v1/imports", content=b"--x\r\n", headers={"Content-Type": "multipart/form-data"})
    ).status_code in (400, 422)


async def test_a_csv_needs_its_type(desk: Place) -> None:
    answer = await desk.api.post("/v1/imports", content=b"a,b,c", headers={"Content-Type": CSV})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_query")
    (field_error,) = answer.json()["errors"]
    assert (
        field_error["code"] == "type_missing"
        and "type=findings" in field_error["message"]
        and "findings" in field_error["allowed"]
    )


@pytest.mark.parametrize(
    "query",
    [
        "mode=dry",
        "on_error=stop",
        "type=weather",
        "allow_register_changes=yes",
        "colour=red",
        "mode=preview&mode=commit",
        "jurisdiction=43138",
        "jurisdiction=%00",
    ],
)
async def test_a_wrong_parameter_is_refused_before_the_file_is_kept(desk: Place, query: str) -> None:
    answer = await desk.api.post(f"/v1/imports?{query}", content=GOOD, headers={"Content-Type": XLSX})
    assert answer.status_code in (400, 422), answer.text


async def test_a_file_over_the_limit_is_refused_and_not_kept(
    database: EmbeddedPostgres, folder: Path, desk: Place
) -> None:
    await account(database.application_url, f"small-{desk.code}", "ledger_loader", desk.code)
    key = (folder / "data" / "secret-key").read_text().strip()  # of the services that share a database
    place = {"data_dir": folder / "small", "secret_key": key}
    options = Settings(**addresses(database.application_url), **place, import_limit=2**16)
    app = create_app(options)
    async with app.router.lifespan_context(app), Api.signed_in(app, f"small-{desk.code}") as api:

        async def drip() -> Any:
            for _ in range(5):
                yield b"x" * 2**14

        for body in (b"x" * (2**16 + 1), drip()):
            answer = await api.post(
                "/v1/imports", params={"type": "units"}, content=body, headers={"Content-Type": CSV}
            )
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert list((folder / "small" / "uploads").iterdir()) == []
        assert (await api.import_file(GOOD, mode="preview"))["state"] == "checked"
