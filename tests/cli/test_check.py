"""`python -m app check` lists records whose state does not follow, and mends them when told to."""

import asyncio
from pathlib import Path

import prometheus_client
from typer.testing import CliRunner, Result

from app.cli import cli
from app.clock import now
from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from app.kernel.schema.following import effects_due
from app.records import REGISTRY
from app.reports.steps import HOUR, check, until_night
from tests.support.callers import HOME, NDJSON, Api
from tests.support.databases import environment
from tests.support.ledgers import lines
from tests.support.records import Maker
from tests.support.sql import OFFICE, named, owning

PROMISE = {"responsible_person": "责任人甲01", "due_on": "2017-08-08", "measures": ["补齐档案"]}


async def checked(database: EmbeddedPostgres, folder: Path, *options: str) -> Result:
    """The command, in this process."""
    settings = {"LEDGER_DATA_DIR": str(folder / "data"), **environment(database.application_url)}
    return await asyncio.to_thread(CliRunner().invoke, cli, ["check", *options], env=settings)


async def test_a_finding_that_was_left_behind_is_listed_counted_and_mended(
    make: Maker, office: Api, database: EmbeddedPostgres, folder: Path
) -> None:
    finding = await make("findings")
    assert (await office.act(finding, "findings", "feed_back", on="2017-06-09")).status_code == 200
    opinion = await make("rectification-opinions", finding_number=finding["number"])
    assert (await office.act(opinion, "rectification-opinions", "accept", **PROMISE)).status_code == 200
    async with owning(database) as owner, owner.transaction():
        await named(owner, OFFICE, "complete")  # as a service that has missed the effect
        await owner.execute(
            "update rectification_opinion set state = 'completed', version = version + 1 where id = $1", opinion["id"]
        )
    listed = await checked(database, folder)
    assert listed.exit_code == 1 and finding["number"] in listed.stdout and opinion["number"] in listed.stdout
    for told in ("整改中 rectifying", "整改完成 rectified", "python -m app check --mend", "Nothing is lost"):
        assert told in " ".join(listed.stdout.split()), "what is wrong, and what to do"
    pools = Pools(database.logins)
    assert await check(pools) >= 1 <= prometheus_client.REGISTRY.get_sample_value("ledger_records_out_of_step")
    await pools.close()
    assert (await office.read(f"/v1/findings/{finding['id']}"))["state"] == "rectifying", "listing changes nothing"
    mended = await checked(database, folder, "--mend")
    assert mended.exit_code == 0 and finding["number"] in mended.stdout
    assert (await office.read(f"/v1/findings/{finding['id']}"))["state"] == "rectified"
    again = await checked(database, folder)
    assert again.exit_code == 0 and finding["number"] not in again.stdout


async def test_a_clue_whose_holder_an_old_ledger_tells_is_listed_and_mended(
    make: Maker, office: Api, loader: Api, database: EmbeddedPostgres, folder: Path
) -> None:
    """It was concluded before it came here, and keeps its state: what follows is who holds it."""
    body = {**await make.body(REGISTRY.by_path["clues"]), "concluded_on": "2017-07-29"}
    number, receiver = f"{body['round_number']}-C-7700", await make("units")
    row = await make.body(REGISTRY.by_path["clue-transfers"], clue_numbers=[number], sent_on="2017-06-11")
    row |= {"number": f"{body['round_number']}-T-7700", "to_unit_number": receiver["number"]}
    for path, line in (("clues", {**body, "number": number}), ("clue-transfers", row)):
        done = await loader.import_file(lines([line]), NDJSON, type=path, jurisdiction=HOME)
        assert done["state"] == "committed", await loader.rows(done)
    async with owning(database) as owner, owner.transaction():
        await named(owner, OFFICE, "raw")  # as a service that has missed the effect
        await owner.execute(
            "update clue set holder_unit_id = null, holder_unit_number = null, version = version + 1"
            " where number = $1 and state = 'concluded' and holder_unit_number = $2",
            number, receiver["number"],
        )  # fmt: skip
    listed = await checked(database, folder)
    assert listed.exit_code == 1 and number in listed.stdout and "holder_unit" in listed.stdout, listed.stdout
    assert number in (await checked(database, folder, "--mend")).stdout
    async with owning(database) as owner:
        kept = "select holder_unit_number from clue where number = $1"
        assert await owner.fetchval(kept, number) == receiver["number"]
    assert number not in (await checked(database, folder)).stdout


def test_every_state_that_follows_is_checked() -> None:
    """Beside the names that a merger leaves with the other unit, which are no state and no copy of a member."""
    caused = {(t.path, e.action) for t in REGISTRY for e in t.lifecycle.effects}
    checked = {(due.source.path, due.transition.action) for due in effects_due(REGISTRY)}
    assert caused - checked == {("units", "absorb"), ("units", "release")}


def test_the_service_checks_at_three_in_the_night() -> None:
    moment = now()
    for hour in range(24):
        at = moment.replace(hour=hour, minute=30)
        night = at + until_night(at)
        assert (night.hour, night.minute) == (HOUR, 0) and 0 < (night - at).total_seconds() <= 86_400
