"""List cells as an export writes them, where the separators of a clerk would not give the same entries back.

Entries with members stand one a line, each member with its label: 姓名：张三；职务：镇长；原因：因公出差. Where a text
holds a separator or a label itself, the cell holds the entries as JSON.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.imports.files.raw import Raw

_BEGINNINGS = ('["', '[{"')


def exact(raw: Raw) -> list[Any] | None:
    """The entries of a cell that holds them as JSON; None of any other cell."""
    if not isinstance(raw, str) or not raw.strip().startswith(_BEGINNINGS):
        return None
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, list) else None


def labelled(raw: Raw, labels: Mapping[str, str]) -> list[dict[str, str | None]] | None:
    """The entries of a cell each line of which names members by their labels; None of any other cell."""
    if not isinstance(raw, str) or "：" not in raw:
        return None
    found = []
    for line in raw.strip().splitlines():
        entry: dict[str, str | None] = dict.fromkeys(labels)
        for part in line.split("；"):
            label, colon, text = part.partition("：")
            member = next((m for m, known in labels.items() if known == label.strip()), None)
            if not (member and colon and text.strip()) or entry[member] is not None:
                return None
            entry[member] = text.strip()
        found.append(entry)
    return found or None


def as_labelled(entries: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> str:
    """The text that `labelled` reads."""
    lines = (
        "；".join(
            f"{label}：{entry[member]}" for member, label in labels.items() if entry.get(member) not in (None, "")
        )
        for entry in entries
    )
    return "\n".join(re.sub(r"[\r\n]+", " ", line) for line in lines)


def as_exact(entries: Sequence[Any]) -> str:
    """The text that `exact` reads."""
    return orjson.dumps(list(entries)).decode()
