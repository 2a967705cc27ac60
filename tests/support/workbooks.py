"""Workbooks on disk as somebody sends them, and what is read of them."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from app.imports.files.limits import Limits, UnreadableFile
from app.imports.files.raw import Raw
from app.imports.files.readers import read_workbook

Rows = list[tuple[int, list[Raw]]]


def made(path: Path, fill: Callable[[Any, Any], object], **options: Any) -> Path:
    with xlsxwriter.Workbook(path, options) as book:
        fill(book, book.add_worksheet("台账"))
    return path


def sheets(path: Path, **limits: int) -> dict[str, Rows]:
    return {sheet.name: list(sheet.rows) for sheet in read_workbook(path, limits=Limits(**limits))}


def altered(path: Path, part: str, old: str, new: str) -> Path:
    """The workbook with one text within one part replaced: what a program other than Excel might write."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    assert old.encode() in members[part]
    members[part] = members[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def refusal(path: Path, **limits: int) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refused:
        sheets(path, **limits)
    return refused.value


SHEET = "xl/worksheets/sheet1.xml"
