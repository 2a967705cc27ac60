"""The service does not start with an account that row security would not bind."""

import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.roles import Unbound, require_bound
from app.main import create_app
from app.settings import Settings
from tests.support.databases import addresses


async def test_the_service_s_own_account_is_bound(database: EmbeddedPostgres) -> None:
    connection = await connect(database.application_url)
    await require_bound(connection, "requests")
    await connection.close()


async def test_a_superuser_is_refused(database: EmbeddedPostgres) -> None:
    app = create_app(Settings(**{**addresses(database.application_url), "database_url": database.superuser_url}))
    with pytest.raises(Unbound, match="行级安全"):
        async with app.router.lifespan_context(app):
            pass


@pytest.mark.parametrize("power", ["bypassrls", "in role ledger_owner", "in role ledger_keeper"])
async def test_an_account_that_could_become_free_is_refused(power: str, database: EmbeddedPostgres) -> None:
    owner = await connect(database.superuser_url)
    name = f"free_{power.split('_')[-1]}"
    await owner.execute(f"create role {name} login password 'x' {power}")
    await owner.execute(f"grant ledger_auth to {name}")
    address = database.superuser_url.partition("@")[2]
    connection = await connect(f"postgresql://{name}:x@{address}")
    with pytest.raises(Unbound):
        await require_bound(connection, "auth")
    await connection.close()
    await owner.execute(f"drop role {name}")
    await owner.close()
