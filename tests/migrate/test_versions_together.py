"""Two versions of the service on one database: the earlier one says that it is too old, and undoes nothing.

The later version is this one with one migration and one changed function more, in a copy of its tree.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from app.main import create_app
from app.migrate.run import HOME, SchemaNewer, SchemaNotCurrent, head, migrate, require_current
from app.migrate.text import digest, number_of
from app.settings import Settings
from tests.cli.running import free_port
from tests.migrate.conftest import Addresses, copied
from tests.migrate.test_install import ended
from tests.migrate.test_up_and_down import NEXT
from tests.support.bureaus import account
from tests.support.callers import HOME as DIVISION
from tests.support.callers import Api
from tests.support.catalogue import catalogue
from tests.support.databases import addresses, environment

NEXT_HEAD = f"{int(head()) + 1:04}"


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of a version with another function and a later number; its next migration is not in place yet."""
    tree = tmp_path_factory.mktemp("later") / "tree"
    for part in ("app", "alembic"):
        shutil.copytree(HOME / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOME / "alembic.ini", tree)
    function = sorted((tree / "alembic/functions/records").glob("*.sql"))[0]
    function.write_text("-- Later than the other.\n" + function.read_text(encoding="utf-8"), encoding="utf-8")
    (tree / "alembic/text-number").write_text(f"{number_of(digest()) + 1} later\n", encoding="utf-8")
    return tree


@pytest.fixture
async def populated_and_later(
    database: EmbeddedPostgres, every_type: str, later: Path
) -> AsyncIterator[tuple[Addresses, Path]]:
    """A database with rows of every type, and the tree of the later version."""
    async with copied(database, every_type) as found:
        yield found, later


async def ran(tree: Path, of: Addresses, *arguments: str, owner: bool = True) -> tuple[int, str]:
    """A command of the later version on this database, with or without the address of its owner."""
    given = {**environment(of[1].requests), "LEDGER_DATA_DIR": str(tree / "data"), "LEDGER_PORT": str(free_port())}
    if owner:
        given["LEDGER_OWNER_DATABASE_URL"] = of[0]
    return await ended(await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", *arguments, cwd=tree, env=os.environ | given,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    ))  # fmt: skip


async def asked(url: str, query: str) -> Any:
    """One value, as the superuser sees it."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_service_that_starts_does_not_undo_a_later_text_and_a_person_can(
    populated_and_later: tuple[Addresses, Path], folder: Path
) -> None:
    (owner, application), later = populated_and_later
    await account(application.requests, "reader", "leading_group", DIVISION)
    app = create_app(Settings(**addresses(application.requests), data_dir=folder / "every_type", access_log="off"))
    async with app.router.lifespan_context(app), Api.signed_in(app, "reader") as reader:
        before = (await reader.read("/v1/findings"))["items"]
        status, said = await ran(later, (owner, application), "migrate")  # the other version is deployed beside it
        assert status == 0, said
        assert [f["id"] for f in (await reader.read("/v1/findings"))["items"]] == [f["id"] for f in before]
    installed = await catalogue(owner)
    with pytest.raises(SchemaNewer, match=r"请启动与数据库相符的新版本.*start the version that fits"):
        await migrate(owner, application, replace_newer=False)
    with pytest.raises(SchemaNewer):
        await require_current(application)
    assert await catalogue(owner) == installed
    await migrate(owner, application)  # as `python -m app migrate` does
    await require_current(application)
    assert await asked(owner, "select digest from schema_digest") == digest()


async def test_an_earlier_service_and_a_later_schema_and_the_reverse_say_so(
    populated_and_later: tuple[Addresses, Path],
) -> None:
    (owner, application), later = populated_and_later
    file = later / "alembic/versions" / f"{NEXT_HEAD}_weather.py"
    file.write_text(NEXT.format(revision=NEXT_HEAD, before=head()), encoding="utf-8")
    assert (await ran(later, (owner, application), "migrate"))[0] == 0
    installed, rows = await catalogue(owner), await asked(owner, "select count(*) from revision")
    for replace_newer in (True, False):
        with pytest.raises(SchemaNewer, match=f"{NEXT_HEAD} 比本版本的 {head()} 新"):
            await migrate(owner, application, replace_newer=replace_newer)
    with pytest.raises(SchemaNewer, match=f"{NEXT_HEAD} .* newer than {head()}"):
        await require_current(application)
    assert await catalogue(owner) == installed

    status, said = await ran(later, (owner, application), "migrate", head())  # the way back, as the sentence tells
    assert status == 0, said
    with pytest.raises(SchemaNotCurrent, match="执行 python -m app migrate"):
        await require_current(application)
    await migrate(owner, application)
    await require_current(application)
    assert await asked(owner, "select count(*) from revision") >= rows, "no version of a record is gone"

    status, said = await ran(later, (owner, application), "serve", owner=False)
    assert (
        status and f"结构为 {head()}，本版本需要 {NEXT_HEAD}" in said and f"this version needs {NEXT_HEAD}" in said
    ), said
