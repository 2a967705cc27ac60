"""What is stored of a ledger is what was written into it, or it is refused, or warned of: never another in silence."""

import asyncio
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.imports.conftest import NewPlace, Place, registers
from tests.support.callers import CSV, XLSX
from tests.support.ledger_writer import Written, written
from tests.support.proofs import WHOLE, prove

CODE, LAYOUTS, OF_OFFICE = "498701", 1000, 50
FOUND: Counter[str] = Counter()
MEMBERS = ("title", "description", "found_on", "fed_back_on", "amount_fen", "households_affected", "basis", "note")


@pytest.fixture(scope="module")
async def shelf(new_place: NewPlace) -> Place:
    """A jurisdiction with the registers."""
    return await new_place(CODE, ledger=registers)


def expected(fact: dict[str, Any]) -> dict[str, Any]:
    """What the API should answer of a fact."""
    count = fact["households"] and {"value": fact["households"][0], "qualifier": fact["households"][1]}
    days = {name: fact[name] and fact[name].isoformat() for name in ("found_on", "fed_back_on")}
    return {**fact, **days, "households_affected": count}


def column_of(member: str) -> str:
    """The column in which a member is written."""
    return {"amount_fen": "amount", "households_affected": "households"}.get(member, member)


async def compared(place: Place, file: Written, shown: str) -> int:
    """Holds what is stored of a file against its facts. Returns how many members were compared."""
    query = {"type": "findings"} if file.csv else {}
    done = await place.api.import_file(file.content, CSV if file.csv else XLSX, on_error="skip_rows", **query)
    if done["state"] == "failed":
        FOUND["file refused"] += 1
        return 1
    assert done["state"] == "committed", (shown, done)
    rows = {row["number"]: row for row in await place.api.rows(done) if row["number"]}
    refused = sum(sheet["rejected"] for sheet in done["sheets"])
    found = 0
    for number, fact in file.facts.items():
        row = rows.get(number)
        if row is None or row["result"] == "rejected":
            assert refused, f"{number} is nowhere: {shown}"
            FOUND["row refused"] += 1
            found += 1
            continue
        record, wanted = await place.api.read(f"/v1/findings/{number}"), expected(fact)
        assert (record["unit_number"], record["team_number"][-1]) == (
            wanted["unit_number"],
            "12"["二" in fact["team"]],
        ), shown
        warned = {warning["code"] for warning in row["warnings"]}
        for member in MEMBERS:
            found += 1
            if record[member] == wanted[member]:
                FOUND["equal"] += 1
            elif record[member] is None and column_of(member) not in file.columns:
                FOUND["not in the file"] += 1
            else:
                assert record[member] is None and "no_heading" in warned, (
                    f"{number} {member}: {record[member]!r} is stored, {wanted[member]!r} was written. {shown}"
                )
                FOUND["warned of"] += 1
    return found


@pytest.mark.proof
async def test_what_is_stored_is_what_was_written(shelf: Place) -> None:
    async def case(seed: int) -> int:
        file = written(random.Random(f"layout {seed}"), CODE, 1 + seed * 10)
        return await compared(shelf, file, f"seed {seed}: {file.habits}")

    FOUND.clear()
    await prove("layouts", LAYOUTS, 20, case)
    print(dict(FOUND))
    assert FOUND["equal"] > 3 * (FOUND["row refused"] + FOUND["file refused"]), FOUND


@pytest.mark.proof
async def test_what_an_office_suite_has_saved_is_what_was_written(shelf: Place, tmp_path: Path) -> None:
    if not WHOLE or not (office := shutil.which("soffice")):
        pytest.skip("made whole only, and where LibreOffice is installed (apt install libreoffice-calc-nogui)")
    files = {}
    for seed in range(OF_OFFICE):
        chance = random.Random(f"office {seed}")
        files[seed] = written(chance, CODE, 20_001 + seed * 10, chance.choice(("openpyxl", "xlsxwriter")))
        (tmp_path / f"{seed}.xlsx").write_bytes(files[seed].content)  # a test may wait for its file
    converting = await asyncio.create_subprocess_exec(
        office, f"-env:UserInstallation=file://{tmp_path}/home", "--headless", "--convert-to",
        "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"),
        *(str(tmp_path / f"{seed}.xlsx") for seed in files),
    )  # fmt: skip
    assert await converting.wait() == 0
    FOUND.clear()
    for seed, file in files.items():
        file.content = (tmp_path / "out" / f"{seed}.xlsx").read_bytes()
        await compared(shelf, file, f"office {seed}: {file.habits}")
    print(dict(FOUND))
    assert FOUND["equal"] > 3 * (FOUND["row refused"] + FOUND["file refused"]), FOUND
