"""What holds for a record of any type, once for all types."""

import pytest
from app.records import REGISTRY

from tests.support.callers import Api
from tests.support.records import Maker

TYPES = [t.path for t in REGISTRY]


@pytest.mark.parametrize("path", TYPES)
async def test_a_created_record_is_answered_with_its_place_and_its_version(path: str, make: Maker, office: Api) -> None:
    body = await make.body(REGISTRY.by_path[path])
    answer = await office.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert answer.headers["etag"] == '"1"' and answer.headers["location"] == f"/v1/{path}/{record['id']}"
    assert {k: record[k] for k in body} == body
    assert await office.read(f"/v1/{path}/{record['number']}") == record
