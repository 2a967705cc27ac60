"""Every statement the service runs on protected tables names its caller first, in a one-time filter above the scan.

The statements are those that Postgres itself holds prepared after a representative run of the service.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.db.context import FIGURES_ROLE, IMPORTING, SYSTEM_ROLE
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.main import create_app
from app.records import REGISTRY
from app.roles import READERS
from app.settings import Settings
from tests.support.bodies import full, other
from tests.support.bureaus import account
from tests.support.callers import CSV, HOME, UNREAD, Api
from tests.support.databases import addresses
from tests.support.records import Maker
from tests.support.sql import owning
from tests.support.walk import Walker

ROLES = (*(f"ledger_{role}" for role in READERS), "ledger_ledger_loader", FIGURES_ROLE, IMPORTING)
CONNECTIONS = 2  # an import takes two at once


@pytest.fixture(scope="module")
async def statements(database: EmbeddedPostgres, folder: Path, office: Api) -> AsyncIterator[dict[str, set[str]]]:
    """What each role asked of the database during the run."""
    app = create_app(Settings(**addresses(database.application_url), data_dir=folder / "data", pool_size=CONNECTIONS))
    found: dict[str, set[str]] = {role: set() for role in ROLES}
    async with app.router.lifespan_context(app):
        pools = app.state.service.runtime.pools
        async with Api.bureau(app, office.names) as bureau:
            bureau.unit = office.unit
            make = Maker(bureau)
            for t in REGISTRY:
                await everything(bureau, t, Maker(bureau))
                await every_action(t, Maker(bureau))
                await make.shared(t.path)
                await collect(pools, found)
            await import_and_count(bureau, make)
            for name in await narrow(database.application_url, make):
                async with Api.signed_in(app, name) as api:
                    await looks(api, make)
            await collect(pools, found)
    yield found


async def narrow(url: str, make: Maker) -> list[str]:
    """Accounts of the roles that see only some records."""
    unit, team = (await make.shared("units"))["number"], (await make.shared("teams"))["number"]
    names = [await account(url, "guard-leaders", "leading_group", HOME)]
    names.append(await account(url, "guard-team", "inspection_team", HOME, team_number=team))
    for role in ("inspected_unit", "handling_department", "organisation_department"):
        names.append(await account(url, f"guard-{role[:6]}", role, HOME, unit_number=unit))
    shared = [t.path for t in REGISTRY if t.access.partner]
    return [*names, await account(url, "guard-partner", "partner_system", HOME, unit_number=unit, types=shared)]


async def looks(api: Api, make: Maker) -> None:
    """Reads, and tries to write, one record of every type."""
    for t in REGISTRY:
        record = await make.shared(t.path)
        one = f"/v1/{t.path}/{record['id']}"
        for place in (one, f"/v1/{t.path}/{record['number']}", f"{one}/revisions", f"/v1/{t.path}?q=备注"):
            assert (await api.get(place)).status_code in (200, 403, 404), place
        for f in (f for f in t.references if f in t.filters):
            await api.get(f"/v1/{t.path}", params={f"{f.name}_number": "431382-X-1"})
        await api.change(record, t.path, {"note": "试改"})
        await api.post(f"/v1/{t.path}", json=dict(next(iter(t.examples.values()))))


HELD = "select statement from pg_prepared_statements where not from_sql"


async def collect(pools: Any, found: dict[str, set[str]]) -> None:
    """Reads the prepared statements of every connection of every class."""
    for role in ROLES:
        pool = pools[role]
        async with pool.acquire() as one, pool.acquire() as two:
            for connection in (one, two):
                found[role] |= {r["statement"] for r in await connection.fetch(HELD)} - {HELD}


async def everything(api: Api, t: Any, make: Maker) -> None:
    """What a caller can do with one record: of its whole life every kind of statement."""
    place = f"/v1/{t.path}"
    body = await full(make, t)
    code = {"jurisdiction": HOME}
    record = await api.write(place, {**body, **code})
    one = f"{place}/{record['id']}"
    for url in (
        one,
        f"{place}/{record['number']}",
        f"{one}/actions",
        f"{one}/revisions",
        f"{one}/revisions/1",
        f"{one}/revisions/1/diff",
    ):
        assert (await api.get(url)).status_code in (200, 409), url
    await api.read(place, q="备注", sort="-updated_at", limit="1", state=t.lifecycle.initial)
    cursor = (await api.read(place, sort="number", limit="1"))["next_cursor"]
    await api.get(place, params={"sort": "number", "limit": "1", "cursor": cursor or "x"})
    for f in (f for f in t.references if f in t.filters):
        await api.read(place, **{f"{f.name}_number": "431382-X-1"})
    changed = await api.change(record, t.path, await other(make, t, record))
    assert changed.status_code == 200, changed.text
    assert (await api.change(record, t.path, {"note": "旧版"})).status_code == 412
    reference = next((f for f in t.references if f.writable), None)
    if reference:
        await api.post(
            place, json={**body, **code, reference.number_column: ["431382-X-1"] if reference.many else "431382-X-1"}
        )
    record = changed.json()
    corrected = await api.act(
        record,
        t.path,
        "correct",
        reason="核对",
        **{f.name: late(make, f) for f in t.fields if f.set_by and f.corrected and not f.columns[1:]},
    )
    assert corrected.status_code == 200, corrected.text
    assert (await api.act(corrected.json(), t.path, "void", reason="到此为止")).status_code == 200


async def every_action(t: Any, make: Maker) -> None:
    """Each action once, with its effects."""
    for arrow in (x for x in t.lifecycle.public if x.action not in UNREAD):
        walker = Walker(make.fresh())
        await walker.take(t, await walker.ready(t.path, arrow.origins[0], arrow), arrow)


def late(make: Maker, f: Any) -> Any:
    """A value; a day that lies after those of the patch."""
    return "2017-05-16" if type(f).__name__ == "Day" else make.value(f)


async def import_and_count(office: Api, make: Maker) -> None:
    """An import, and the work list with its drill-down."""
    text = "单位编码,单位名称,单位类型\n431382-U700,某镇,乡镇街道\n,新镇,乡镇街道\n".encode()
    await office.rows(await office.import_file(text, CSV, type="units"))
    checked = await office.import_file(
        text.replace("某镇".encode(), "改镇".encode()), CSV, type="units", mode="preview", allow_register_changes="true"
    )
    await office.post(f"/v1/imports/{checked['id']}/actions/commit")
    number = (await make.shared("rounds"))["number"]
    figures = await office.read(f"/v1/rounds/{number}/work-list")
    for figure in figures.get("figures", ()):
        await office.get(f"/v1/rounds/{number}/work-list/{figure}")
    for name in ("teams", "finding_items", "clues_transferred", "persons_case_filed"):
        await office.read(f"/v1/rounds/{number}/work-list/{name}")


async def planned(connection: Any, text: str) -> Any:
    """The plan that a prepared statement has whatever its arguments are."""
    await connection.execute(f"set plan_cache_mode = force_generic_plan; prepare probe as {text}")
    try:
        count = await connection.fetchval(
            "select cardinality(parameter_types) from pg_prepared_statements where name = 'probe'"
        )
        arguments = f"({', '.join(['null'] * count)})" if count else ""
        found = await connection.fetchval(f"explain (verbose, format json) execute probe{arguments}")
    finally:
        await connection.execute("deallocate probe")
    return json.loads(found)[0]["Plan"]


def nodes(plan: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every node of a plan with the nodes above it.

    Left out is what a policy looks at to check a row that is being written: that row has come from below a guard.
    """
    yield plan, above
    for child in plan.get("Plans", ()):
        if (plan["Node Type"], child.get("Parent Relationship")) != ("ModifyTable", "SubPlan"):
            yield from nodes(child, (*above, plan))


def guards(plan: Any) -> set[str]:
    """The names of the sub-plans that set the caller."""
    return {n["Subplan Name"] for n, _ in nodes(plan) if "set_caller(" in " ".join(n.get("Output", ()))}


def unguarded(plan: Any, protected: set[str]) -> list[str]:
    """The protected tables that are scanned without a caller guard above."""
    names = guards(plan)

    def is_guard(node: Any) -> bool:
        return any(name.split(" (")[0] in node.get("One-Time Filter", "") for name in names)

    return [
        n["Relation Name"]
        for n, above in nodes(plan)
        if n.get("Relation Name") in protected and "Scan" in n["Node Type"] and not any(map(is_guard, (n, *above)))
    ]


async def test_every_statement_on_protected_tables_has_the_guard_above_each_scan(
    statements: dict[str, set[str]], database: EmbeddedPostgres
) -> None:
    async with owning(database) as owner:
        rows = await owner.fetch(
            "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace"
        )
    # Policies read `principal` when the scan below the guard first needs them. `ledger_auth` reads the other two.
    protected = {r["relname"] for r in rows} - {"principal", "principal_secret", "service_key"}
    explained, open_ones = 0, []
    system = await connect(database.application_url, SYSTEM_ROLE)
    for role in ROLES:
        connection = await connect(database.application_url, role)
        for text in statements[role]:
            if not any(table in text for table in protected):
                continue
            try:
                plan = await planned(connection, text)
            except asyncpg.InsufficientPrivilegeError:  # what the system role did in this transaction
                plan = await planned(system, text)
            explained += 1
            open_ones += [(role, table, text) for table in unguarded(plan, protected)]
        await connection.close()
    await system.close()
    assert not open_ones, open_ones[0]
    assert explained > 20 * len(REGISTRY.types), "the run was representative"


async def test_a_statement_without_the_guard_is_told_from_one_with_it(database: EmbeddedPostgres) -> None:
    """The check above can fail."""
    connection = await connect(database.application_url, "ledger_inspection_office")
    guard = "(select set_caller($1)) is not null"
    for text, found in (
        (f"select t.id from unit t where t.id = '{'0' * 8}-0000-7000-8000-{'0' * 12}' and {guard}", []),
        ("select t.id from unit t where t.number = $1", ["unit"]),
        (f"select t.id from unit t where {guard} and exists (select from person p where p.unit_id = t.id)", []),
        (f"with x as (select count(*) from person) select t.id from unit t, x where {guard} and t.number = $1", None),
        (f"select p.id from round p union all select t.id from unit t where {guard}", ["round"]),
    ):
        plan = await planned(connection, text)
        if found is not None:
            assert unguarded(plan, {"unit", "person", "round"}) == found, text
    await connection.close()
