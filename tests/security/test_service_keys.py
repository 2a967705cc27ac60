"""The keys that sign tokens and cursors are encrypted in the database, with the key of the data directory."""

from pathlib import Path

import pytest

from app.auth.tokens import load_keys, reseal_keys
from app.cli.keys import require_keys
from app.cli.words import Stop
from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from app.kernel.personal.keyring import load_keyring
from tests.support import databases
from tests.support.callers import Api
from tests.support.sql import owning

STORED = "select name, key_id, ciphertext from service_key order by name"


async def test_they_stand_in_no_table_in_clear(office: Api, database: EmbeddedPostgres, folder: Path) -> None:
    ring = load_keyring(None, folder / "data")
    pools = Pools(database.logins, size=1)
    keys = await load_keys(pools, ring)
    await pools.close()
    async with owning(database) as owner:
        rows = await owner.fetch(STORED)
    assert [row["name"] for row in rows] == ["cursor", "token"]
    secret = keys.token.as_dict(private=True)["d"]
    for row in rows:
        assert row["key_id"] == ring.current.key_id
        for clear in (b"PRIVATE KEY", secret.encode(), keys.cursor, keys.cursor.hex().encode()):
            assert clear not in row["ciphertext"]


async def test_a_rotation_encrypts_them_anew_and_leaves_them_the_same(
    database: EmbeddedPostgres, tmp_path: Path
) -> None:
    await databases.create(database.superuser_url, "resealed", databases.PRISTINE)
    pools = Pools(databases.logins(databases.beside(database.application_url, "resealed")), size=1)
    ring = load_keyring(None, tmp_path)
    before = await load_keys(pools, ring)
    ring.renew()
    await reseal_keys(pools, ring)
    after = await load_keys(pools, ring)
    stored = await pools["ledger_auth"].fetch(STORED)
    await pools.close()
    assert (after.cursor, after.token.as_dict()) == (before.cursor, before.token.as_dict())
    assert {row["key_id"] for row in stored} == {ring.current.key_id}


def test_a_service_with_another_key_is_told_and_makes_none(
    office: Api, database: EmbeddedPostgres, tmp_path: Path
) -> None:
    with pytest.raises(Stop, match="Put the former one back"):
        require_keys(database.logins, load_keyring(None, tmp_path))
