"""How much a request may hold."""

from typing import Any

import pytest

from tests.support.callers import Api


async def dripped(size: int) -> Any:
    for _ in range(size // 2**16 + 1):
        yield b" " * 2**16


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_body_over_the_limit_is_refused_as_a_problem_declared_or_not(office: Api, language: str) -> None:
    headers = {"Accept-Language": language, "Content-Type": "application/json"}
    for body in (b" " * (2**20 + 1), dripped(2**20)):
        answer = await office.post("/v1/units", content=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
        assert answer.json()["code"] == "too_large" and "1048576" in answer.json()["detail"]
    assert (await office.post("/v1/units", content=b" " * 2**20, headers=headers)).status_code == 400
