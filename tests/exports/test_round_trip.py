"""What is exported is read back as it is: every type, in every format, changes nothing."""

from typing import Any

import pytest

from app.exports.routes import MEDIA
from app.records import REGISTRY
from tests.support.callers import OFFICE, SUPERVISION, Api

TYPES = [t.path for t in REGISTRY if t.from_ledgers]


# The office does not list them, or only as metadata.
SUPERVISED = ("persons", "clues", "case-filings", "judicial-referrals", "letters")


async def sent_back(api: Api, path: str, form: str, **query: str) -> tuple[int, Any]:
    """How many records the list has, and the import of its export."""
    auth = api.acting(SUPERVISION if path in SUPERVISED else OFFICE)
    answer = await api.get(f"/v1/{path}/export", params={"format": form, **query}, auth=auth)
    assert answer.status_code == 200, answer.text
    again = await api.import_file(answer.content, MEDIA[form], type=path)
    return await counted(api, path, auth), again


async def counted(api: Api, path: str, auth: Any) -> int:
    """How many records the list has, page by page."""
    found, cursor = 0, None
    while True:
        given = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(f"/v1/{path}", params=given, auth=auth)).json()
        found, cursor = found + len(page["items"]), page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("form", MEDIA)
@pytest.mark.parametrize("path", TYPES)
async def test_every_type_is_read_back_unchanged(lianyuan: Api, path: str, form: str) -> None:
    auth = lianyuan.acting(SUPERVISION if path in SUPERVISED else OFFICE)
    if not await counted(lianyuan, path, auth):  # of which the old ledger has none
        for example in REGISTRY.by_path[path].examples.values():
            await lianyuan.write(f"/v1/{path}", example)
    listed, again = await sent_back(lianyuan, path, form)
    assert listed and again["state"] == "committed", [r["errors"] for r in await lianyuan.rows(again, "rejected")]
    [sheet] = [s for s in again["sheets"] if s["type"]]
    assert (sheet["rows"], sheet["unchanged"], sheet["unknown_columns"]) == (listed, listed, []), (
        sheet, [r["changes"] for r in await lianyuan.rows(again, "updated")]
    )  # fmt: skip
