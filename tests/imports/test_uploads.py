"""How a file arrives: compressed, with a digest, in a form with fields; and under a name that says what it is not."""

import base64
import gzip
import hashlib
import io
import zipfile
from typing import Any

import pytest
from backports import zstd

from tests.imports.conftest import Place
from tests.support.callers import CSV, XLSX
from tests.support.ledgers import FINDING, delimited, finding, workbook


def ledger(place: Place, n: int = 1) -> bytes:
    return delimited([FINDING, finding(place.code, n)])


async def sent(place: Place, content: bytes, media: str = CSV, **headers: str) -> Any:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await place.api.post(
        "/v1/imports", params={"type": "findings"}, content=content, headers={"Content-Type": media, **headers}
    )


async def checked(place: Place, answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    return await place.api.ended(answer.headers["location"])


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "zstd", "identity"])
async def test_a_compressed_file_is_read_as_what_it_holds(desk: Place, coding: str) -> None:
    plain = ledger(desk)
    halves = plain[:50], plain[50:]  # a body may be several streams one after the other
    packed = {
        "zstd": b"".join(map(zstd.compress, halves)), "identity": plain,
    }.get(coding, b"".join(map(gzip.compress, halves)))  # fmt: skip
    done = await checked(desk, await sent(desk, packed, Content_Encoding=coding))
    assert (done["state"], done["sheets"][0]["created"]) == ("checked", 1)
    assert done["sha256"] == hashlib.sha256(plain).hexdigest()


async def test_what_cannot_be_unpacked_is_refused(desk: Place) -> None:
    whole = gzip.compress(ledger(desk))
    for body, coding, status, code in (
        (whole[:-9], "gzip", 400, "content_damaged"), (b"no gzip", "gzip", 400, "content_damaged"),
        (zstd.compress(b"x" * 99)[:-3], "zstd", 400, "content_damaged"), (b"no zstd", "zstd", 400, "content_damaged"),
        (gzip.compress(b"") * 30_000, "gzip", 400, "content_damaged"),
        (whole, "br", 415, "content_coding_unknown"), (whole, "gzip, gzip", 415, "content_coding_unknown"),
    ):  # fmt: skip
        answer = await sent(desk, body, Content_Encoding=coding)
        assert (answer.status_code, answer.json()["code"]) == (status, code), coding
    assert answer.headers["accept-encoding"] == "gzip, zstd"


async def test_a_digest_is_held_against_what_arrived(desk: Place) -> None:
    body = gzip.compress(ledger(desk))
    value = {name: base64.b64encode(hashlib.new(name, body).digest()).decode() for name in ("sha256", "sha512")}
    good = f"sha-256=:{value['sha256']}:, sha-512=:{value['sha512']}:, md5=:AAAA:"
    done = await checked(desk, await sent(desk, body, Content_Digest=good, Content_Encoding="gzip"))
    assert done["state"] == "checked"
    for digest, code in (
        (f"sha-256=:{value['sha512']}:", "digest_differs"), (f"sha-512=:{value['sha512'][:-4]}AAA=:", "digest_differs"),
        ("sha-256=abc", "digest_malformed"), ("sha-256=:a:", "digest_malformed"),
    ):  # fmt: skip
        answer = await sent(desk, body, Content_Digest=digest, Content_Encoding="gzip")
        assert (answer.status_code, answer.json()["code"]) == (400, code), digest


async def test_a_field_of_the_form_is_honoured_or_refused(place: Place) -> None:
    file = {"file": ("台账.csv", ledger(place), CSV)}

    async def posted(query: str = "", **fields: str) -> Any:
        return await place.api.post(f"/v1/imports{query}", files=file, data=fields)

    done = await checked(place, await posted(mode="commit", type="findings"))
    assert (done["state"], done["mode"], done["sheets"][0]["created"]) == ("committed", "commit", 1)
    for query, fields, code in (
        ("?type=findings", {"colour": "red"}, "unknown_parameter"), ("?type=findings", {"mode": "dry"}, "not_a_choice"),
        ("?type=findings", {"type": "units"}, "given_twice"), ("", {"mode": "preview"}, "type_missing"),
    ):  # fmt: skip
        answer = await posted(query, **fields)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    same = await posted("?type=findings", type="findings")
    assert same.status_code == 202


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("台账.xls", "application/vnd.ms-excel"), ("台账.et", "application/octet-stream"), ("台账.XLSM", XLSX),
        ("台账.txt", "text/plain"), ("台账.txt", CSV), ("台账.ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ],
)  # fmt: skip
async def test_a_file_of_another_kind_is_told_what_to_save_it_as(desk: Place, name: str, media: str) -> None:
    answer = await desk.api.post("/v1/imports?type=findings", files={"file": (name, b"x", media)})
    assert (answer.status_code, answer.json()["code"]) == (415, "file_not_imported")
    assert f".{name.rpartition('.')[2].lower()} 文件" in answer.json()["detail"] and ".xlsx" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (workbook({"问题台账": [FINDING]}), "workbook_as_text"), (b"\xd0\xcf\x11\xe0" + bytes(99), "xls_as_text"),
        (gzip.compress(b"a,b"), "packed_as_text"), (zstd.compress(b"a,b"), "packed_as_text"),
        (b"%PDF-1.7", "document_as_text"),
    ],
    ids=["xlsx", "xls", "gzip", "zstd", "pdf"],  # the bytes hold the time of packing: no names
)  # fmt: skip
async def test_what_is_named_csv_and_is_none_says_what_it_is(desk: Place, content: bytes, code: str) -> None:
    done = await checked(desk, await sent(desk, content))
    assert (done["state"], done["problem"]["code"]) == ("failed", code)


def with_part(place: Place, name: str, content: bytes) -> bytes:
    """A workbook with one more part."""
    held = io.BytesIO(workbook({"问题台账": [FINDING, finding(place.code, 1)]}))
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr(name, content)
    return held.getvalue()


async def test_macros_and_links_to_other_files_are_not_looked_at(desk: Place) -> None:
    for name in ("xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml"):
        done = await checked(desk, await sent(desk, with_part(desk, name, b"<x/>" * 99), XLSX))
        assert (done["state"], done["sheets"][0]["created"]) == ("checked", 1)


async def test_many_blank_lines_are_no_rows(desk: Place) -> None:
    done = await checked(desk, await sent(desk, ledger(desk) + b",,,,,,,\r\n" * 250_000))
    assert (done["state"], done["sheets"][0]["rows"]) == ("checked", 1)


async def test_mixed_encodings_and_long_cells_are_refused_and_old_line_ends_read(desk: Place) -> None:
    text = ledger(desk)
    old = await checked(desk, await sent(desk, text.replace(b"\r\n", b"\r")))
    wide = await checked(desk, await sent(desk, text.decode("utf-8-sig").encode("utf-16")))
    assert [d["sheets"][0]["created"] for d in (old, wide)] == [1, 1]
    mixed = await checked(desk, await sent(desk, text + "乱码,龙泉镇\r\n".encode("gb18030")))
    assert mixed["problem"]["code"] == "undecodable_text"
    long = await checked(desk, await sent(desk, text + b'"' + b"x" * 10 * 2**20 + b'"'))
    assert long["problem"]["code"] in ("line_too_long", "cell_too_long")
