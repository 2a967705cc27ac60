"""Databases beside the one that the tests share."""

from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from app.db.embedded import EmbeddedPostgres
from app.db.logins import FURTHER, Logins

# A password is hashed 4 096 times at each end for each connection, and the tests open some thousands.
QUICK_TO_ENTER = {"scram_iterations": "1"}
PRISTINE = "pristine"  # migrated and otherwise empty; nobody enters it, so it can be copied: a migration costs 2 s


def beside(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{name}"


SERVERS: dict[str, Logins] = {}  # the logins of the servers of this process, by host and port


def known(server: EmbeddedPostgres) -> EmbeddedPostgres:
    """Remembers the logins of a server, so that a test need carry the application's address only."""
    SERVERS[server.application_url.rpartition("@")[2].partition("/")[0]] = server.logins
    return server


def logins(application_url: str) -> Logins:
    """All logins of the service to this database."""
    place, _, name = application_url.rpartition("@")[2].partition("/")
    server = SERVERS[place]
    return Logins(*(beside(getattr(server, field.name), name) for field in fields(Logins)))


def addresses(application_url: str) -> dict[str, Any]:
    """The settings that name this database."""
    found = logins(application_url)
    return {"database_url": found.requests} | {f"{kind}_database_url": getattr(found, kind) for kind in FURTHER}


def environment(application_url: str) -> dict[str, str]:
    """The same as environment variables."""
    return {f"LEDGER_{name.upper()}": url for name, url in addresses(application_url).items()}


async def hashed_anew(url: str) -> None:
    """Hashes the superuser's password as the server is set now; `url` is the superuser's."""
    found = urlsplit(url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"alter role {found.username} password '{found.password}'")
    finally:
        await connection.close()


async def create(url: str, name: str, template: str = "template1") -> None:
    """Makes a database, empty or a copy; `url` is the superuser's."""
    connection = await asyncpg.connect(beside(url, "postgres"))
    try:
        await connection.execute(f"create database {name} template {template}")
    finally:
        await connection.close()
