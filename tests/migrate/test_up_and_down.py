"""Migrations are walked one by one with rows of every type in place; what is made again is absent in between."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alembic import command
from app.migrate.run import SchemaNotCurrent, configuration, head, migrate, require_current
from app.records import REGISTRY
from tests.migrate.conftest import Addresses
from tests.support.catalogue import MADE_AGAIN, catalogue

NEXT = """
import sqlalchemy as sa

from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("visit", sa.Column("weather", sa.Text(), nullable=True))
    op.execute("update visit set weather = '晴', version = version + 1")


def downgrade() -> None:
    op.drop_column("visit", "weather")
"""


async def asked(url: str, query: str) -> list[Any]:
    """Rows of a query of the superuser."""
    connection = await asyncpg.connect(url, server_settings={"TimeZone": "Asia/Shanghai"})  # as snapshots are written
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def rows(url: str) -> Mapping[str, list[Any]]:
    """Every row of every record type, as JSON."""
    return {t.table: await asked(url, f"select to_jsonb(t)::text from {t.table} t order by 1") for t in REGISTRY}


async def test_up_and_down_and_up_again_leaves_nothing_behind(populated: Addresses) -> None:
    owner, application = populated
    before = await catalogue(owner)
    await migrate(owner, application, "base")
    left = await catalogue(owner)
    assert all("alembic_version" in x for part in left.values() for x in part), left
    await migrate(owner, application)
    assert await catalogue(owner) == before


async def test_a_next_migration_finds_rows_of_every_type_and_leaves_them(populated: Addresses, tmp_path: Path) -> None:
    owner, application = populated
    following = f"{int(head()) + 1:04}"
    (tmp_path / f"{following}_weather.py").write_text(NEXT.format(revision=following, before=head()), encoding="utf-8")
    config = configuration()
    config.set_main_option("version_locations", f"{config.get_main_option('script_location')}/versions\n{tmp_path}")
    config.attributes.update(owner_url=owner, logins=application)
    before, schema = await rows(owner), await catalogue(owner, *MADE_AGAIN)

    await asyncio.to_thread(command.upgrade, config, "+1")
    assert await catalogue(owner, *MADE_AGAIN) == schema, "it is installed again over the new tables"
    after = await rows(owner)
    assert {t: r for t, r in after.items() if t != "visit"} == {t: r for t, r in before.items() if t != "visit"}
    found = await asked(owner, "select v.version, r.snapshot ->> 'weather', r.snapshot = to_jsonb(v) from visit v"
                        " join revision r on r.record_id = v.id and r.version = v.version")  # fmt: skip
    assert found and all(row == (2, "晴", True) for row in found), "what a migration changes has its revision"

    await asyncio.to_thread(command.downgrade, config, "-1")
    absent = await catalogue(owner, *MADE_AGAIN)
    assert not absent["policies"] and not any("public.unit" in x for x in absent["triggers"])
    assert all("pgqueuer" in x for x in absent["functions"])
    with pytest.raises(SchemaNotCurrent, match="migrate"):
        await require_current(application)

    await migrate(owner, application)
    assert await catalogue(owner, *MADE_AGAIN) == schema
    await require_current(application)
    assert {t: len(r) for t, r in (await rows(owner)).items()} == {t: len(r) for t, r in before.items()}
    assert await asked(owner, "select count(*) from visit where version <> 2") == [(0,)]


ACCOUNTS = """
insert into principal (id, kind, role, code, low, high, created_by) values
  ('plain', 'account', 'auditor', '431382', '431382', '431382:', 'admin'),
  ('waits', 'account', 'inspection_office', '431382', '431382', '431382:', 'admin'),
  ('looks', 'account', 'security_officer', '431382', '431382', '431382:', 'admin'),
  ('part@4313', 'account', 'superior', null, '4313', '4313:', 'admin');
insert into account_change (id, principal, kind, low, action, changed, present, maker, makers, state)
  values ('00000000-0000-4000-8000-000000000001', 'waits', 'account', '431382', 'create', '{}', '{}', 'admin',
          '{admin}', 'pending');
update principal set withheld_by = '00000000-0000-4000-8000-000000000001' where id = 'waits';
insert into access_log (jurisdiction, principal, role, kind) values ('431382', 'plain', 'auditor', 'sign_ins')"""


async def test_an_unconfirmed_role_does_not_hold_in_the_shape_before(populated: Addresses) -> None:
    owner, application = populated
    for text in ACCOUNTS.split(";"):
        await asked(owner, text)
    await migrate(owner, application, "0100")
    ours = "where id in ('plain', 'waits', 'looks', 'part@4313') order by id"
    assert await asked(owner, f"select id, role, disabled from principal {ours}") == [
        ("looks", "auditor", True), ("part@4313", "superior", True), ("plain", "auditor", False),
        ("waits", "inspection_office", True),
    ]  # fmt: skip
    await migrate(owner, application)
    begun = await asked(owner, "select principal, action, state, present ->> 'disabled' from account_change order by 1")
    assert ("waits", "create", "not_required", "true") in begun and (
        "plain",
        "create",
        "not_required",
        "false",
    ) in begun
    assert len(begun) == (await asked(owner, "select count(*) from principal"))[0][0], "each once"


async def test_a_migration_sees_the_rows_and_nobody_else_does_meanwhile(populated: Addresses, tmp_path: Path) -> None:
    """Below the newest revision the tables are closed: no role but the owner may so much as ask."""
    owner, application = populated
    await migrate(owner, application, "base")
    assert await asked(owner, "select count(*) from alembic_version") == [(0,)]
    connection = await asyncpg.connect(application.requests, server_settings={"role": "ledger_inspection_office"})
    with pytest.raises(asyncpg.UndefinedTableError):
        await connection.fetch("select from unit")
    await connection.close()
    with pytest.raises(SchemaNotCurrent, match="空 empty"):
        await require_current(application)
