"""Receiving a file: as the raw body of a script or as the one file of a browser's form."""

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.errors import FieldError, Refusal
from app.http.content_coding import plain_body
from app.kernel.declare.values import without_numbers

# Kinds of file that look like tables, and that nobody here reads.
OTHER_ENDINGS = {
    "xls", "xlt", "xlsm", "xltm", "xlsb", "xltx", "et", "ett", "ods", "fods", "numbers", "txt", "tsv", "dbf", "doc",
    "docx", "wps", "pdf", "zip", "rar", "7z", "gz",
}  # fmt: skip
OLD_MEDIA = {
    "application/vnd.ms-excel": "xls", "application/vnd.ms-excel.sheet.macroenabled.12": "xlsm",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}  # fmt: skip


class Upload(NamedTuple):
    """A file that was received, and the fields of its form."""

    media: str
    name: str | None
    sha256: str
    fields: list[tuple[str, str]]


async def spool(
    request: Request, path: Path, media: Mapping[str, str], endings: Mapping[str, str], most: int
) -> Upload:
    """Write the uploaded file to disk as it arrives, unpacked to at most so many bytes."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = plain_body(request, most) if _is_coded(request) else request.stream()
    digest = hashlib.sha256()
    if kind == "multipart/form-data":
        upload, fields = await _form(request, body)
        with path.open("wb") as file:
            while chunk := await upload.read(1 << 20):
                digest.update(chunk)
                file.write(chunk)
        kind = _media(upload.content_type or "", upload.filename, media, endings)
        return Upload(kind, _kept_name(upload.filename), digest.hexdigest(), fields)
    if kind not in media:
        allowed = "、".join((*dict.fromkeys(media.values()), "multipart/form-data"))
        raise Refusal("wrong_media_type", allowed=allowed)
    with path.open("wb") as file:
        async for chunk in body:
            digest.update(chunk)
            file.write(chunk)
    name = _kept_name(_file_name(request.headers.get("content-disposition", "")))
    return Upload(media[kind], name, digest.hexdigest(), [])


def _is_coded(request: Request) -> bool:
    return "content-encoding" in request.headers or "content-digest" in request.headers


async def _form(request: Request, body: AsyncIterator[bytes]) -> tuple[UploadFile, list[tuple[str, str]]]:
    """The one file of a form, under whatever name, and its fields. Refuses with `malformed_form` (400)."""
    parser = MultiPartParser(request.headers, _whole(body), max_files=1, max_fields=20)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as problem:
        raise Refusal("malformed_form") from problem
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    if len(files) != 1:
        raise Refusal(
            "validation_failed", field_errors=[FieldError("/file", "required", {"label": "台账文件"})], count=1
        )
    return files[0], [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


async def _whole(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    async for chunk in body:
        yield chunk


def _media(kind: str, name: str | None, media: Mapping[str, str], endings: Mapping[str, str]) -> str:
    ending = (name or "").rpartition(".")[2].lower()
    found = endings.get(ending) or media.get(kind.partition(";")[0].strip().lower())
    other = ending if ending in OTHER_ENDINGS else OLD_MEDIA.get(kind.partition(";")[0].strip().lower())
    if other and ending not in endings:
        raise Refusal("file_not_imported", ending=other)
    if found is None:
        raise Refusal("wrong_media_type", allowed="、".join(f".{e}" for e in endings))
    return found


def _kept_name(name: str | None) -> str | None:
    """The name of a file as it is stored and shown: at most 200 characters, None if nothing is left.

    Left out are characters that do not print (NUL, escapes), and digits that could be the identity number of a person.
    """
    shown = "".join(filter(str.isprintable, name or ""))
    return without_numbers(shown)[:200] if shown else None


def _file_name(disposition: str) -> str | None:
    if match := re.search(r"filename\*=UTF-8''([^;]+)", disposition, re.I):
        return unquote(match[1])[:200]
    if match := re.search(r'filename="?([^";]+)"?', disposition, re.I):
        return match[1][:200]
    return None
