"""An export is the list as a file: for whom the contract says, and never more than the list shows."""

import io
from typing import Any

import orjson
import pytest

from app.exports.routes import MEDIA
from app.imports.files.readers import read_workbook
from tests.access.matrix import EVERY, EXPORTERS, HIDDEN, NO_LIST, SEES
from tests.access.test_matrix import TYPES, every_role, every_type
from tests.access.ways import seen
from tests.access.world import World
from tests.support.proofs import share


async def exported(api: Any, path: str, form: str, **query: str) -> Any:
    """The answer to an export."""
    return await api.get(f"/v1/{path}/export", params={"format": form, **query})


def told(content: bytes, form: str, tmp_path: Any) -> str:
    """All that a file says."""
    if form != "xlsx":
        return content.decode("utf-8-sig")
    path = tmp_path / "ledger.xlsx"
    path.write_bytes(content)
    return "\n".join(str(cell) for sheet in read_workbook(path) for _, cells in sheet.rows for cell in cells)


@share(3)
@every_type
async def test_an_export_holds_what_the_list_holds_for_those_who_may_take_it_out(
    path: str, world: World, table: str
) -> None:
    for role in SEES:
        api = world.callers[role]
        answer = await exported(api, path, "ndjson")
        if not SEES[role] and table != "as it is":
            assert answer.status_code in (403, 404) or answer.content.strip() == b"", (role, answer.text)
            continue
        if table == "as it is" and (role not in EXPORTERS or not seen(role, path) or (role, path) in NO_LIST):
            allowed = role in EXPORTERS and (role, path) not in NO_LIST
            assert answer.status_code == 403 or (allowed and not answer.content.strip()), (role, answer.text)
            continue
        assert answer.status_code == 200, (role, answer.text)
        lines = [orjson.loads(line) for line in answer.content.splitlines() if line]
        listed = (await api.get(f"/v1/{path}", params={"limit": "200", "sort": "number"})).json()["items"]
        for record in (*lines, *listed):  # what the list says of actions is worked out once, before the table is open
            record.pop("available_actions")
        assert lines == listed, role
        assert {line["id"] for line in lines} == {world.id(label) for label in seen(role, path)}, role


@every_role
async def test_no_file_says_what_its_reader_may_not_see(role: str, world: World, tmp_path: Any) -> None:
    api = world.callers[role]
    for form in MEDIA:
        texts = []
        for path in TYPES:
            answer = await exported(api, path, form)
            assert (answer.status_code == 200) <= (role in EXPORTERS), (path, role)
            texts.append(told(answer.content, form, tmp_path) if answer.status_code == 200 else answer.text)
        whole = "\n".join(texts)
        for path, labels in EVERY.items():
            for label in labels:
                hidden = HIDDEN.get(role, {}).get(path, set()) | HIDDEN.get(role, {}).get(label, set())
                for member, word in world.canaries[label].items():
                    if label not in seen(role, path) or member in hidden:
                        assert word not in whole, (form, path, label, member)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_is_masked_is_blank(form: str, world: World, tmp_path: Any) -> None:
    """Not even the first character of a name, which an import would take for the name."""
    answer = await exported(world.callers["inspection_office"], "clues", form)
    text = told(answer.content, form, tmp_path)
    assert world.number("C-sup") in text and "鸣*" not in text and "*" not in text
    assert io.StringIO(text).readline()


async def test_a_filter_on_what_is_hidden_finds_nothing_in_an_export_either(world: World) -> None:
    for role in EXPORTERS:
        api = world.callers[role]
        for path in TYPES:
            for label in seen(role, path):
                hidden = HIDDEN.get(role, {}).get(path, set()) | HIDDEN.get(role, {}).get(label, set())
                for member in hidden & world.canaries[label].keys():
                    answer = await exported(api, path, "ndjson", q=world.canaries[label][member])
                    assert answer.status_code == 403 or not answer.content.strip(), (role, label, member)
