"""Receiving a file: as the raw body of a script or as the one file of a browser's form."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from fastapi import Request
from starlette.datastructures import UploadFile

from app.errors import FieldError, Refusal
from app.kernel.declare.values import without_numbers


async def spool(
    request: Request, path: Path, media: Mapping[str, str], endings: Mapping[str, str]
) -> tuple[str, str | None, str]:
    """Write the uploaded file to disk as it arrives. Returns its media type, its name and its SHA-256."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    digest = hashlib.sha256()
    if kind == "multipart/form-data":
        form = await request.form(max_files=1, max_fields=5)
        files = [v for v in form.values() if isinstance(v, UploadFile)]
        if len(files) != 1:
            raise Refusal(
                "validation_failed", field_errors=[FieldError("/file", "required", {"label": "台账文件"})], count=1
            )
        upload = files[0]
        with path.open("wb") as file:
            while chunk := await upload.read(1 << 20):
                digest.update(chunk)
                file.write(chunk)
        kind = _media(upload.content_type or "", upload.filename, media, endings)
        return kind, _kept_name(upload.filename), digest.hexdigest()
    if kind not in media:
        raise Refusal("wrong_media_type", allowed="、".join((*dict.fromkeys(media.values()), "multipart/form-data")))
    with path.open("wb") as file:
        async for chunk in request.stream():
            digest.update(chunk)
            file.write(chunk)
    return media[kind], _kept_name(_file_name(request.headers.get("content-disposition", ""))), digest.hexdigest()


def _media(kind: str, name: str | None, media: Mapping[str, str], endings: Mapping[str, str]) -> str:
    ending = (name or "").rpartition(".")[2].lower()
    found = endings.get(ending) or media.get(kind.partition(";")[0].strip().lower())
    if found is None:
        raise Refusal("wrong_media_type", allowed="、".join(f".{e}" for e in endings))
    return found


def _kept_name(name: str | None) -> str | None:
    """The name of a file as it is stored and shown: at most 200 characters, None if nothing is left.

    Left out are characters that do not print (NUL, escapes), and digits that could be the identity number of a person.
    """
    shown = "".join(filter(str.isprintable, name or ""))
    return without_numbers(shown)[:200] or None


def _file_name(disposition: str) -> str | None:
    if match := re.search(r"filename\*=UTF-8''([^;]+)", disposition, re.I):
        return unquote(match[1])[:200]
    if match := re.search(r'filename="?([^";]+)"?', disposition, re.I):
        return match[1][:200]
    return None
