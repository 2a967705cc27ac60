"""Databases beside the one that the tests share."""

import asyncpg

PRISTINE = "pristine"  # migrated and otherwise empty; nobody enters it, so it can be copied: a migration costs 2 s


def beside(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{name}"


async def create(url: str, name: str, template: str = "template1") -> None:
    """Makes a database, empty or a copy; `url` is the superuser's."""
    connection = await asyncpg.connect(beside(url, "postgres"))
    try:
        await connection.execute(f"create database {name} template {template}")
    finally:
        await connection.close()
