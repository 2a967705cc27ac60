"""The logins on a Postgres of one's own: made by `migrate`, or given."""

import asyncio
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.db.embedded import EmbeddedPostgres, embedded_postgres
from tests.support import databases

NAMES = ("other_app_auth", "other_app_jobs", "other_app_sealing")


async def asked(url: str, *texts: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        for text in texts:
            found = await connection.fetch(text)
    finally:
        await connection.close()
    return found


@contextmanager
def over(database: EmbeddedPostgres, template: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a service whose login is not yet there, over a copy of `template`."""
    asyncio.run(databases.create(database.superuser_url, "of_one_s_own", template))
    owner = databases.beside(database.superuser_url, "of_one_s_own")
    place = owner.rpartition("@")[2]
    yield {
        "LEDGER_DATABASE_URL": f"postgresql://other_app:s%20t@{place}",
        "LEDGER_OWNER_DATABASE_URL": owner,
        "LEDGER_DATA_DIR": str(tmp_path / "data"),
    }
    asyncio.run(asked(database.superuser_url, "drop database of_one_s_own with (force)"))
    for name in ("other_app", *NAMES, "given_auth"):
        asyncio.run(asked(database.superuser_url, f"drop role if exists {name}"))


@pytest.fixture
def empty(database: EmbeddedPostgres, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Over an empty database."""
    with over(database, "template1", tmp_path) as settings:
        yield settings


@pytest.fixture
def own(database: EmbeddedPostgres, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Over a database whose schema is current: only the logins are to be made, which takes 2 s of processor less."""
    with over(database, databases.PRISTINE, tmp_path) as settings:
        yield settings


def called(settings: dict[str, str], *command: str) -> Result:
    return CliRunner().invoke(cli, command, env=settings)


def test_migrate_makes_the_logins_and_keeps_their_passwords(empty: dict[str, str]) -> None:
    assert called(empty, "migrate").exit_code == 0
    file = Path(empty["LEDGER_DATA_DIR"]) / "database-passwords.json"
    passwords = json.loads(file.read_text())
    assert {*passwords} == {*NAMES} and len({*passwords.values()}) == 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    place = empty["LEDGER_OWNER_DATABASE_URL"].rpartition("@")[2]
    for name, password in passwords.items():
        roles = asyncio.run(asked(f"postgresql://{name}:{password}@{place}", "select rolname from pg_roles"
                                  " where pg_has_role(oid, 'member') and rolname <> current_user"))  # fmt: skip
        assert roles == [(f"ledger_{name.removeprefix('other_app_')}",)]
    assert called(empty, "migrate").exit_code == 0
    assert json.loads(file.read_text()) == passwords
    assert called({**empty, "LEDGER_OWNER_DATABASE_URL": ""}, "account", "list").exit_code == 0


def test_a_login_that_is_given_is_used_and_kept_nowhere(own: dict[str, str]) -> None:
    place = own["LEDGER_OWNER_DATABASE_URL"].rpartition("@")[2]
    given = {**own, "LEDGER_AUTH_DATABASE_URL": f"postgresql://given_auth:secret@{place}"}
    assert called(given, "migrate").exit_code == 0
    kept = (Path(own["LEDGER_DATA_DIR"]) / "database-passwords.json").read_text()
    assert {*json.loads(kept)} == {*NAMES} - {"other_app_auth"} and "secret" not in kept
    assert called(given, "account", "list").exit_code == 0


def test_without_the_passwords_a_service_says_what_to_set(own: dict[str, str], tmp_path: Path) -> None:
    assert called(own, "migrate").exit_code == 0
    elsewhere = {**own, "LEDGER_DATA_DIR": str(tmp_path / "elsewhere"), "LEDGER_OWNER_DATABASE_URL": ""}
    told = called(elsewhere, "account", "list")
    assert told.exit_code == 1 and "LEDGER_AUTH_DATABASE_URL is not set" in told.stderr
    (Path(own["LEDGER_DATA_DIR"]) / "database-passwords.json").unlink()
    told = called(own, "migrate")  # another password than that of the login which is there
    assert told.exit_code == 1 and "drop that login role and migrate again" in told.stderr, told.stderr


def test_a_login_that_holds_the_role_of_another_is_refused(own: dict[str, str]) -> None:
    assert called(own, "migrate").exit_code == 0
    owner, quiet = own["LEDGER_OWNER_DATABASE_URL"], {**own, "LEDGER_OWNER_DATABASE_URL": ""}
    asyncio.run(asked(owner, "grant ledger_auth to other_app"))
    told = called(quiet, "account", "list")
    assert told.exit_code == 1 and "holds roles of another login" in told.stderr
    assert called(own, "migrate").exit_code == 0, "migrate takes it back"
    assert called(quiet, "account", "list").exit_code == 0


def test_an_owner_that_is_no_superuser_can_make_it_all(tmp_path: Path, folder: Path) -> None:
    """As README.md has it: a role that may create roles, and owns the database."""
    with embedded_postgres(folder / "deployed", durable=False) as server:
        for text in (
            "create role deploy login createrole password 'd'",
            "create role other_app login noinherit password 'a'",
            "create database of_one_s_own owner deploy encoding 'UTF8'",
        ):
            asyncio.run(asked(server.superuser_url, text))
        place = databases.beside(server.superuser_url, "of_one_s_own").rpartition("@")[2]
        settings = {
            "LEDGER_DATABASE_URL": f"postgresql://other_app:a@{place}",
            "LEDGER_OWNER_DATABASE_URL": f"postgresql://deploy:d@{place}",
            "LEDGER_DATA_DIR": str(tmp_path / "data"),
        }
        for _ in range(2):
            done = called(settings, "migrate")
            assert done.exit_code == 0, done.output
        assert called({**settings, "LEDGER_OWNER_DATABASE_URL": ""}, "account", "list").exit_code == 0
