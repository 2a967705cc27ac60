"""The command `export`: take the list of a type out of a running service, as a file. The whole of it, or none."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from app.cli.client import Refused, client, insistently, reaching
from app.cli.options import Password, Token, Url, User, here, require_login
from app.cli.upload import CHUNK_BYTES, PLAIN_SECONDS
from app.cli.words import foreseeable, tell, usage

NEVER_ENDING = threading.Event()
Show = Callable[[int], None]


class Format(StrEnum):
    """What is written."""

    xlsx = "xlsx"
    csv = "csv"
    ndjson = "ndjson"


class Charset(StrEnum):
    """The characters of a csv."""

    utf_8 = "utf-8"
    gb18030 = "gb18030"


def export_file(
    record_type: Annotated[str, typer.Argument(help="记录类型，如 findings", metavar="TYPE")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="文件；扩展名决定格式，不写则为 TYPE.xlsx", metavar="FILE")
    ] = None,
    form: Annotated[Format | None, typer.Option("--format", help="格式；不写则由扩展名得出")] = None,
    charset: Annotated[Charset | None, typer.Option(help="CSV 的编码；不写为带 BOM 的 utf-8")] = None,
    conditions: Annotated[
        list[str] | None, typer.Option("--filter", help="清单的条件、q 或 sort，如 state=fed_back；可写几次")
    ] = None,
    url: Url = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
) -> None:
    """把清单导出为台账文件。Export a list from a running service, whole or not at all."""
    with foreseeable():
        form, output = _form(record_type, form, output)
        query = [("format", form.value), *([("charset", charset.value)] if charset else []), *_pairs(conditions or [])]
        require_login(user, password, token)
        url = url or here()
        started = time.monotonic()
        with reaching(url), client(url, user, password, token) as http:
            size = fetch(http, f"/v1/{record_type}/export", query, output)
        speed = size / 2**20 / max(time.monotonic() - started, 0.001)
        tell(f"已导出 {output}（{size} 字节，{speed:.1f} MB/s）。", f"Exported, {size} bytes.")


def _form(record_type: str, form: Format | None, output: Path | None) -> tuple[Format, Path]:
    """Format and file, each from the other where it is not given."""
    if output is None:
        form = form or Format.xlsx
        return form, Path(f"{record_type}.{form.value}")
    ending = output.suffix.lower().removeprefix(".")
    if form is None and ending not in [*Format]:
        usage(f"由扩展名“{ending}”看不出格式，请加 --format。", "The file's ending names no format: give --format.")
    return form or Format(ending), output


def _pairs(conditions: list[str]) -> list[tuple[str, str]]:
    pairs = [condition.partition("=") for condition in conditions]
    if wrong := next((name for name, equals, _ in pairs if not equals), ""):
        usage(f"条件“{wrong}”要写成 名称=值。", f"Write {wrong} as name=value.")
    return [(name, value) for name, _, value in pairs]


def fetch(http: httpx.Client, path: str, query: Sequence[tuple[str, str]], output: Path) -> int:
    """Write the answer to a file beside `output`, which takes its place once it is whole. Returns its size.

    An answer that breaks off is asked for again from its beginning: the ledger may have moved since. Raises Refused.
    """
    beside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with _progress() as show:

            def ask() -> httpx.Response:
                with http.stream("GET", path, params=[*query]) as response, beside.open("wb") as file:
                    if not response.is_success:
                        response.read()
                        return response
                    for chunk in response.iter_bytes(CHUNK_BYTES):
                        file.write(chunk)
                        show(file.tell())
                    file.flush()
                    os.fsync(file.fileno())
                return response

            answer = insistently(ask, NEVER_ENDING, reached=False)
        if not answer.is_success:
            raise Refused(answer)
        size = beside.stat().st_size
        beside.replace(output)
        return size
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[Show]:
    """Bytes and speed at a terminal; elsewhere a line every two seconds."""
    if not sys.stdout.isatty():
        yield _plainly()
        return
    columns = (TextColumn("导出 exporting"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("", total=None)
        yield lambda size: bar.update(task, completed=size)


def _plainly() -> Show:
    last = time.monotonic()

    def show(size: int) -> None:
        nonlocal last
        if time.monotonic() - last > PLAIN_SECONDS:
            last = time.monotonic()
            tell(f"  导出 exporting {size}")

    return show
