"""An import whose client, connection or service is killed at a random moment is written exactly once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from tests.e2e.conftest import Server, ended, sent
from tests.e2e.killed_imports import Run, Stand
from tests.support import databases
from tests.support.callers import HOME
from tests.support.cut_wire import wired
from tests.support.ledgers import register, workbook
from tests.support.proofs import WHOLE, prove


@pytest.mark.proof
@pytest.mark.parametrize(("rows", "runs", "share"), [(5_000, 200, 2), (100_000, 10, 0)])
async def test_an_import_is_written_exactly_once_whatever_is_killed(
    rows: int, runs: int, share: int, new_server: Callable[[str], Server], own: tuple[EmbeddedPostgres, Path]
) -> None:
    if not (WHOLE or share):
        pytest.skip("tried by `make proof`")
    rows = rows if WHOLE else 200
    server = await asyncio.to_thread(new_server, "killed")
    client = await asyncio.to_thread(server.client, "loader")
    registers = await asyncio.to_thread(sent, client, workbook(register(HOME)))
    assert (await asyncio.to_thread(ended, client, registers))["state"] == "committed"
    database = await asyncpg.connect(databases.beside(own[0].superuser_url, server.database))
    try:
        async with wired(server.address) as wire:
            stand = Stand(server, wire, database)
            await stand.sign_in()
            stand.usual[rows] = await Run(stand, runs, rows).undisturbed()
            await prove(f"killed-imports-{rows}", runs, share, lambda seed: Run(stand, seed, rows).whole())
    finally:
        await database.close()
