"""Many senders of one request, some of whose sessions are killed: one effect, and one answer for all of them."""

import asyncio
import random
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.support.callers import Api
from tests.support.client import Answer
from tests.support.proofs import prove
from tests.support.records import Maker
from tests.support.retrying import created, fresh_key, replayed
from tests.support.sql import owning

SENDERS = 50
# One session that works for callers, which may be that of the first, of a second, or of nobody.
KILL = """select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
  and usename like 'ledger_app%' and state <> 'idle' and pid <> pg_backend_pid() order by random() limit 1"""


@pytest.mark.proof
async def test_one_request_of_many_senders_has_one_effect_and_one_answer(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    """Each sends until it is answered with the record, as a client does that is told 409 or 503."""
    body = await make.body(REGISTRY.by_path["findings"])

    async with owning(database) as owner:

        async def case(seed: int) -> int:
            chance = random.Random(seed)  # no secret
            key, title = fresh_key(), f"同发{seed}止"
            told: list[Answer] = []

            async def sender() -> Answer:
                while True:
                    answer = await created(office, "findings", {**body, "title": title}, key)
                    told.append(answer)
                    if answer.status_code == 201:
                        return answer
                    assert answer.status_code in (409, 503), answer.text
                    await asyncio.sleep(chance.random() / 20)

            async def killer() -> None:
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(chance.random() / 50)
                    await owner.execute(KILL)

            answers: Any = await asyncio.gather(*(sender() for _ in range(SENDERS)), killer())
            answers = answers[:-1]
            assert len({a.content for a in answers}) == 1, "byte for byte"
            assert sum(not replayed(a) for a in answers) <= 1, "none, where the answer to the first was lost"
            codes = {a.json()["code"] for a in told if a.status_code != 201}
            known = {"idempotency_key_in_use", "outcome_unknown", "database_unreachable", "database_stopping", "busy"}
            assert codes <= known, codes
            (record,) = await office.every("findings", q=title)
            assert record == answers[0].json() and record["version"] == 1
            return len(answers)

        await prove("idempotency-many-senders", 500, 20, case)
