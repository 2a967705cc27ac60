"""python -m benchmarks: measures, prints a table, leaves nothing behind."""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg

from app.db.embedded import embedded_postgres
from benchmarks import bulk, callers, data, deadlines, exports, findings, requests, roles
from benchmarks.bench import REQUESTS, Bench
from benchmarks.sides import all_of

SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "max_connections": "200"}
JOINING = {"callers": callers, "roles": roles}  # kinds of measurement that give the service requests of their own
BULK = ("import", "export", "deadlines")
ALL = (*REQUESTS, *JOINING, *BULK)


def arguments() -> argparse.Namespace:
    """What may be asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of measurements of each request (5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of one measurement (4)")
    parser.add_argument("--only", default=",".join(ALL), help=f"of {','.join(ALL)}")
    parser.add_argument("--imports", type=int, default=3, help="rounds of the import (3)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the imported file (100 000)")
    parser.add_argument("--due", type=int, default=100_000, help="open obligations of a division (100 000)")
    parser.add_argument("--records", type=int, default=1_000_000, help="records that oblige to something (1 000 000)")
    parser.add_argument("--anchor", type=Path, help="a directory with programs to check ours against")
    parser.add_argument("--keep", type=Path, help="a directory for the loaded databases, to use them again")
    given = parser.parse_args()
    given.only = given.only.split(",")
    if unknown := set(given.only) - set(ALL):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if shutil.which("wrk") is None and set(given.only) - {*BULK}:
        parser.error("wrk is not installed (Debian: apt install wrk)")
    return given


def _anchored(owner_url: str, directory: Path, folder: Path) -> str:
    """The anchor's own database, from its own schema and generator."""
    file = folder / "anchor.copy"
    subprocess.run([sys.executable, "gen.py", "rows", str(data.FINDINGS), str(file)], cwd=directory, check=True)
    url = asyncio.run(_filled_from(owner_url, (directory / "schema.sql").read_text(encoding="utf-8"), file))
    file.unlink()
    Path(f"{file}.ids").rename(folder / "anchor.ids")
    return url


async def _filled_from(owner_url: str, schema: str, file: Path) -> str:
    url = await data.make_empty(owner_url, "anchor")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(schema)
        await connection.copy_to_table("finding", source=file)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    return url


def _requests(given: argparse.Namespace, bench: Bench) -> list[str]:
    """The lines of the requests that are asked for."""
    wanted = [q for q in requests.PLAIN if q.name in given.only]
    kinds = [module for kind, module in JOINING.items() if kind in given.only]
    wanted += [q for module in kinds for q in module.QUESTIONS]
    anchored = None
    if given.anchor:
        directory = given.anchor.resolve()
        anchored = (directory, _anchored(bench.postgres.superuser_url, directory, bench.folder))
    with all_of(bench, sorted({requests.MEASURE[q.request] for q in wanted}), anchored) as sides:
        for module in kinds:
            module.join(bench, sides["service"])
        found = requests.run(bench, sides, given.rounds, given.seconds, wanted)
    lines = [requests.heading(), *map(requests.line, found)]
    lines += [roles.unit_to_office(found)] if roles in kinds else []
    return lines + requests.failures(sides.values())


def measure(given: argparse.Namespace, folder: Path) -> int:
    """Loads the databases, runs what is asked for, prints the tables. Gives the number of goals not reached."""
    home = given.keep or folder
    home.mkdir(exist_ok=True)
    home.chmod(0o711)
    lines: list[str] = []
    with embedded_postgres(home / "postgres", settings=SETTINGS) as postgres:
        print("loading …", flush=True)
        reference = asyncio.run(data.make_reference(postgres.superuser_url))
        asyncio.run(data.make_ledger(postgres.superuser_url, postgres.logins))
        bench = Bench(postgres, folder, reference)
        asyncio.run(findings.write_requests(bench))
        if set(given.only) - {*BULK}:
            lines += _requests(given, bench)
        if "import" in given.only:
            lines += bulk.table(bulk.run(bench, given.imports, given.rows))
        if "export" in given.only:
            lines += exports.table(exports.run(bench, given.rounds))
        if "deadlines" in given.only:  # last: it adds records
            lines += deadlines.run(bench, given.rounds, given.due, given.records)
    busy = os.getloadavg()[0]
    print(f"\n{given.rounds} rounds of {given.seconds} s, reference / service, median [range]; load {busy:.1f}")
    print("\n".join(lines))
    return sum("NOT" in line for line in lines)


def main() -> None:
    """Runs in a temporary directory that the database's own account may enter."""
    given = arguments()
    folder = Path(tempfile.mkdtemp(prefix="ledger-bench-", dir="/var/tmp"))  # /tmp is small
    folder.chmod(0o711)
    try:
        measure(given, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
