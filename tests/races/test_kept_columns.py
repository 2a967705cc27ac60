"""What a record keeps of others is right, also if these change while it is entered."""

from typing import Any

import pytest

from app.kernel.schema.kept_columns import kept_columns
from app.records import REGISTRY
from tests.races.pairs import tries
from tests.support.callers import HOME, NDJSON, OFFICE, Api
from tests.support.ledgers import lines
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker
from tests.support.retrying import until_free

RECUSALS = {"recusals": [{"account": "admin", "reason": "亲属"}]}


async def stale(owner: Any, path: str, record_id: str) -> list[str]:
    """The kept columns of a record that are not what its functions make of it now."""
    t = REGISTRY.by_path[path]
    columns = [c for c, _ in kept_columns(t)]
    row = await owner.fetchrow(
        f"select {', '.join(f'{c} = {c}_of_{t.table}(r) as {c}' for c in columns)} from {t.table} r where id = $1",
        record_id,
    )
    assert columns
    return [c for c in columns if not row[c]]


async def moved(make: Maker, api: Api, person: Any) -> Any:
    """The answer to a move of a person to another unit."""
    unit = await make("units")
    return lambda: api.change(person, "persons", {"unit_number": unit["number"]})


class Case:
    """A new record, and a change of what it looks at."""

    def __init__(self, office: Api, make: Maker) -> None:
        self.office, self.make = office, make

    async def person(self, path: str, **given: Any) -> tuple[dict[str, Any], Any]:
        """A record of a person, who moves."""
        person = await self.make("persons", unit_number=(await self.make("units"))["number"])
        body = await self.make.body(REGISTRY.by_path[path], **{"person_number": person["number"], **given})
        return body, await moved(self.make, self.office, person)

    async def clue(self, path: str, **given: Any) -> tuple[dict[str, Any], Any]:
        """A record of a clue, from which somebody stays away from now on."""
        body = await self.make.body(REGISTRY.by_path[path], **given)
        name = "clue_numbers" if path == "clue-transfers" else "clue_number"
        clue = await self.clue_seen_by(path)
        body |= {name: [clue["number"]] if name.endswith("s") else clue["number"]}
        return body, lambda: self.office.change(clue, "clues", RECUSALS)

    async def clue_seen_by(self, path: str) -> Any:
        """A new clue, which those see who write records of this type."""
        t = REGISTRY.by_path[path]
        return await self.make.fit_new(t, t.reference("clue"))

    async def case_filing(self, path: str) -> tuple[dict[str, Any], Any]:
        """A referral of a case that follows from a clue, from which somebody stays away from now on."""
        clue = await self.clue_seen_by("case-filings")
        filing = await self.make("case-filings", clue_number=clue["number"])
        body = await self.make.body(REGISTRY.by_path[path], case_filing_number=filing["number"])
        return body, lambda: self.office.change(clue, "clues", RECUSALS)

    async def finding(self, path: str) -> tuple[dict[str, Any], Any]:
        """An opinion on a finding that is just fed back to its unit."""
        finding = await self.make("findings")
        body = await self.make.body(REGISTRY.by_path[path], finding_number=finding["number"])
        return body, lambda: self.office.act(finding, "findings", "feed_back", on="2017-06-09")


CASES = [
    ("clues", "person"), ("case-filings", "person"), ("judicial-referrals", "person"), ("clue-transfers", "clue"),
    ("rectification-opinions", "finding"), ("case-filings", "clue"), ("judicial-referrals", "case_filing"),
]  # fmt: skip


KEPT = [("kept", *case) for case in CASES]


@tries(*KEPT)
@pytest.mark.proof
@pytest.mark.parametrize(("path", "what"), CASES)
async def test_what_a_new_record_keeps_of_another_is_what_that_one_is_now(
    path: str, what: str, make: Maker, office: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        body, change = await getattr(Case(office, make), what)(path)
        turns = [office.post(f"/v1/{path}", json=body), change()]
        answers = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        assert [a.status_code for a in answers] == [201, 200], [a.text for a in answers]
        assert not await stale(meet.owner, path, answers[0].json()["id"])
        return 3

    await prove(f"races-kept-{path}-{what}", 1000, 20, case)


@pytest.mark.proof
@pytest.mark.parametrize(("path", "what"), CASES)
async def test_what_an_imported_record_keeps_of_another_is_what_that_one_is_now(
    path: str, what: str, make: Maker, office: Api, loader: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        body, change = await getattr(Case(office, make), what)(path)
        number = f"{body['round_number']}-{REGISTRY.by_path[path].numbering.letter}-{9000 + seed}"
        file = lines([{"number": number, **body}])
        async with Api.signed_in(office.app, office.names[OFFICE]) as clerk:
            maker = clerk if path == "clue-transfers" else loader  # which knows of no clue that is free
            imported = maker.import_file(file, NDJSON, type=path, jurisdiction=HOME)
            done, changed = await meet(imported, until_free(change))  # an import may take long on a busy machine
            assert (done["state"], changed.status_code) == ("committed", 200), await maker.rows(done)
        table = REGISTRY.by_path[path].table
        record_id = await meet.owner.fetchval(f"select id from {table} where number = $1", number)
        assert not await stale(meet.owner, path, record_id)
        return 3

    await prove(f"races-kept-imported-{path}-{what}", 1000, 3, case)
