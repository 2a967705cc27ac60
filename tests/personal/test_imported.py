"""Numbers that came in by a ledger: sealed for their record, shown like any other; and the file is gone afterwards."""

import uuid
from pathlib import Path
from typing import Any

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.roles import JOBS
from app.imports.jobs import OPEN_STATES
from app.imports.orphan_files import remove_orphan_files
from tests.support.callers import CSV, Api
from tests.support.numbers import identity_number
from tests.support.records import Maker


async def test_a_number_from_a_ledger_is_shown_and_another_ledger_changes_it(
    make: Maker, office: Api, supervision: Api, owner: Any
) -> None:
    unit = (await make.shared("units"))["number"]
    numbers = {f"431382-P9900{n}": identity_number(900_000 + n) for n in range(3)}
    for shift in range(2):
        rows = [f"{p},某人,{unit},{identity_number(900_000 + shift * 10 + n)}" for n, p in enumerate(numbers)]
        ledger = "\n".join(
            ["人员编号,姓名,单位,身份证号", *rows, f"431382-P99009,某人,431382-U99999,{identity_number(900_099)}"]
        )
        query = {"type": "persons", "on_error": "skip_rows", "mode": "preview"}
        checked = await office.import_file(ledger.encode(), CSV, **query)
        answer = await office.post(f"/v1/imports/{checked['id']}/actions/commit")
        assert answer.json()["state"] == "committed", answer.text
        for n, person in enumerate(numbers):
            shown = await supervision.read(f"/v1/persons/{person}", purpose="verification")
            assert shown["id_number"] == identity_number(900_000 + shift * 10 + n)
    own = [*numbers, "431382-P99009"]  # far above the numbers that other tests draw
    sealed = await owner.fetchval(
        "select count(*) from sealed_value s join person p on p.id = s.record_id where p.number = any($1)", own
    )
    assert sealed == 6, "former values stay beside the revisions that name them; of the rejected row none is kept"


def there(folder: Path) -> set[Path]:
    return set(folder.iterdir())


async def test_files_of_a_killed_process_are_taken_away_and_those_of_others_are_not(
    database: EmbeddedPostgres, office: Api, tmp_path: Path
) -> None:
    done = await office.import_file("单位名称,单位类型\n某镇,乡镇街道\n".encode(), CSV, type="units", mode="preview")
    over, cut, other = tmp_path / done["id"], tmp_path / str(uuid.uuid4()), tmp_path / "something.txt"
    for path in (over, cut, other):
        path.write_text("431382190001010019")
    connection = await connect(database.logins.jobs, JOBS)

    async def keep(*file: Any) -> None:
        raise AssertionError(f"none of these was interrupted: {file}")

    await remove_orphan_files(connection, tmp_path, OPEN_STATES, alone=False, keep=keep)
    assert there(tmp_path) == {cut, other}, "one that has no import yet may be arriving just now"
    await remove_orphan_files(connection, tmp_path, OPEN_STATES, alone=True, keep=keep)
    assert there(tmp_path) == {other}
    over.write_text("431382190001010019")
    await remove_orphan_files(connection, tmp_path, ("checked",), alone=True, keep=keep)
    assert over.exists(), "an import that goes on keeps its file"
    await connection.close()
