"""Values that were sealed before they were bound to their record go up, down and up again, and all of them open."""

import os
from typing import Any
from uuid import uuid4

import asyncpg

from app.kernel.personal.encryption import ALGORITHM, Place, SealedValue, opened
from app.kernel.personal.keyring import Keyring, Secret
from app.kernel.personal.rotation import rotate
from app.migrate.run import migrate
from tests.kernel.test_schema import another  # noqa: F401  # the fixture
from tests.support.callers import HOME
from tests.support.numbers import identity_number

MEMBER, NOBODY = "persons.id_number", "00000000-0000-0000-0000-000000000000"
RING = Keyring((Secret(b"k" * 32),))
BY = "now(), 'x', now(), 'x'"


def digest(n: int) -> str:
    return RING.digest(MEMBER, identity_number(n))


async def sealed_as_before(connection: Any, n: int) -> None:
    """A value in the table and form of schema 0003."""
    nonce, bound = os.urandom(12), f"{MEMBER}\0{digest(n)}".encode()
    text = nonce + RING.current.cipher.encrypt(nonce, identity_number(n).encode(), bound)
    await connection.execute(
        "insert into sealed_value values ($1, $2, $3, $4, $5) on conflict do nothing",
        HOME, digest(n), ALGORITHM, RING.current.key_id, text,
    )  # fmt: skip


async def person(connection: Any, number: str, n: int) -> str:
    """A person of schema 0003 with the n-th number."""
    await sealed_as_before(connection, n)
    identifier = str(uuid4())
    await connection.execute(
        "insert into person (jurisdiction, id, number, version, state, name, unit_id, unit_number, id_number_digest,"
        " created_at, created_by, updated_at, updated_by) select jurisdiction, $2, $1, 1, 'active', '某人', id, number,"
        f" $3, {BY} from unit",
        number, identifier, digest(n),
    )  # fmt: skip
    return identifier


async def populated(connection: Any) -> dict[tuple[str, int], str]:
    """Two persons with one number, one whose number was another, one still on its way, and a value that nobody has."""
    await connection.execute(
        "insert into unit (jurisdiction, id, number, version, state, name, kind, created_at, created_by, updated_at,"
        f" updated_by) values ('{HOME}', gen_random_uuid(), 'U-1', 1, 'active', '某单位', 'other', {BY})"
    )
    first, twin, changed = [await person(connection, f"P-{i}", n) for i, n in enumerate((1, 1, 2))]
    await sealed_as_before(connection, 3)
    await connection.execute("update person set id_number_digest = $2, version = 2 where id = $1", changed, digest(3))
    coming = str(uuid4())
    await connection.execute(
        "insert into import_job (id, maker, jurisdiction, state, mode, on_error, media, sha256)"
        f" values ($1, 'x', '{HOME}', 'checked', 'preview', 'reject_all', 'text/csv', 'x')", coming,
    )  # fmt: skip
    await connection.execute(
        "insert into import_row (import_id, n, maker, line_number, type, result, jurisdiction, record_id, \"values\")"
        f" values ($1, 1, 'x', 2, 'persons', 'created', '{HOME}', $1,"
        " jsonb_build_object('id_number_digest', $2::text))",
        coming, digest(4),
    )  # fmt: skip
    await sealed_as_before(connection, 4)
    await sealed_as_before(connection, 5)
    return {(i, n): identity_number(n) for i, n in
            ((first, 1), (twin, 1), (changed, 2), (changed, 3), (coming, 4), (NOBODY, 5))}  # fmt: skip


async def told(connection: Any) -> dict[tuple[str, str], str]:
    """What every value of the schema of now opens to, by record and digest."""
    found = {}
    for r in await connection.fetch("select *, record_id::text as record from sealed_value"):
        place = Place(r["jurisdiction"], r["record"], r["member"], r["digest"])
        value = SealedValue(r["form"], r["algorithm"], r["key_id"], r["ciphertext"])
        found[r["record"], r["digest"]] = opened(RING, place, value)
    return found


async def test_sealed_values_and_the_access_log_outlive_migrations_both_ways(another: tuple[str, str]) -> None:  # noqa: F811
    owner, application = another
    await migrate(owner, application, "0003")
    connection = await asyncpg.connect(owner)
    expected = {(i, digest(n)): value for (i, n), value in (await populated(connection)).items()}
    await migrate(owner, application)
    assert await told(connection) == expected
    await migrate(owner, application, "0003")
    await migrate(owner, application)
    assert await told(connection) == expected, "none is lost in form 1"
    rotation = await asyncpg.connect(owner)
    assert (await rotate(rotation, RING, lambda _: None)).done == len(expected)
    await rotation.close()
    assert await told(connection) == expected
    entry = (
        "insert into access_log (jurisdiction, principal, role, kind, record_type, record_ids)"
        f" values ('{HOME}', 'wang', 'case_supervision', 'read', 'persons', array[gen_random_uuid()])"
    )
    await connection.execute(entry)
    log = await connection.fetch("select * from access_log")
    await migrate(owner, application, "0003")
    late = await person(connection, "P-late", 1)
    expected[late, digest(1)] = identity_number(1)
    await migrate(owner, application)
    assert await told(connection) == expected
    forms = await connection.fetch("select distinct form from sealed_value where record_id <> $1", late)
    assert 2 in {r[0] for r in forms}
    assert await connection.fetch("select * from access_log") == log
    await connection.execute(entry)
    assert await connection.fetchval("select count(distinct seq) from access_log") == 2
    await connection.close()
