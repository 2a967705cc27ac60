"""Every example in the documentation is accepted as it stands, once the seed case is in the ledger.

The examples speak of 431382's records; here they are told to a jurisdiction of their own, so that nothing another test
made stands in their way.
"""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.support.bodies import answered
from tests.support.bureaus import bureau
from tests.support.callers import HOME, Api

SEED = Path(__file__).parents[2] / "demo/lianyuan-2017/ledger.xlsx"
CODE = "529988"
EXAMPLES = [(t.path, name) for t in REGISTRY for name in t.examples]


def told(value: Any) -> Any:
    """An example, or a workbook, with the numbers of the other jurisdiction."""
    return json.loads(json.dumps(value, ensure_ascii=False).replace(HOME, CODE))


def moved(workbook: bytes) -> bytes:
    """The workbook with every 431382 replaced; a division code and its numbers have the same length."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(HOME.encode(), CODE.encode()))
    return made.getvalue()


@pytest.fixture(scope="module")
async def clerk(database: EmbeddedPostgres, service: ASGIApp) -> AsyncIterator[Api]:
    """The bureau of a jurisdiction that holds the seed case, and one clue that was not transferred yet."""
    async with bureau(service, database.application_url, "seeded", CODE, ledger=moved(SEED.read_bytes())) as api:
        clue = await api.write("/v1/clues", told(dict(next(iter(REGISTRY.by_path["clues"].examples.values())))))
        assert clue["number"] == told(REGISTRY.by_path["clue-transfers"].examples["移交纪检机关"]["clue_numbers"])[0]
        yield api


def test_every_type_has_an_example() -> None:
    assert {path for path, _ in EXAMPLES} == {t.path for t in REGISTRY}


def as_sent(answered: Any, sent: Any) -> Any:
    """The entries of an answer with the members that were sent: an answer names a record in both ways."""
    if not (isinstance(sent, list) and sent and isinstance(sent[0], dict)):
        return answered
    return [{k: entry[k] for k in given} for entry, given in zip(answered, sent, strict=True)]


@pytest.mark.parametrize(("path", "name"), EXAMPLES)
async def test_an_example_is_accepted_as_it_stands(path: str, name: str, clerk: Api) -> None:
    t = REGISTRY.by_path[path]
    body = told(dict(t.examples[name]))
    answer = await clerk.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert {k: as_sent(record[k], body[k]) for k in body} == answered(t, body)
    assert {k for k in body if k.endswith(("_id", "_ids"))} == set(), "a clerk knows numbers, not identifiers"
