"""Which files of `app/` a warm PATCH and the import of a csv run through, and which of them one reads to understand it.

`make trace` prints both for a service of its own: uvicorn with our protocol on a real socket, over an embedded
Postgres. Files that run only when a module is imported or a cache is cold do not count. `tests/test_trace.py` holds
the limits.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
import uvicorn

import app
from app.db.embedded import embedded_postgres
from app.http.server import Application
from app.kernel.sql.write import update_sql
from app.main import create_app
from app.migrate.run import migrate
from app.settings import Settings
from tests.support import databases, ledgers
from tests.support.bureaus import account
from tests.support.callers import CSV, PASSWORD, PATCH, XLSX
from tests.support.folders import folder

APP = f"{Path(app.__file__).parent}/"
CODE = "431399"
FIRST = f"/v1/findings/{CODE}-{ledgers.ROUND}-F-0001"
ROWS = 60
MOST_RUN = {"PATCH": 16, "csv import": 40}
MOST_TO_READ = {"PATCH": 5, "csv import": 8}
# What one reads, in this order, to understand how the request is carried out. The other files do what their names say.
TO_READ = {
    "PATCH": {
        "http/record_writing.py": "the handler: caller, version, body, and what is wrong with them",
        "kernel/store/change.py": "the one path of every change, from the request to the row",
        "kernel/store/pending.py": "what the body asks for: columns, references, what an action adds",
        "kernel/store/batcher.py": "how it goes together with changes of the same kind",
        "kernel/sql/write.py": "the text of the statement",
    },
    "csv import": {
        "imports/routes.py": "the file is received and the job written",
        "imports/worker.py": "the job from `received` to `committed`",
        "imports/plan/check.py": "rows become a plan, batch by batch",
        "imports/mapping/columns.py": "the cells of a row become values",
        "imports/plan/validate.py": "what is wrong with a row",
        "imports/plan/decide.py": "which record a row is, and whether it changes it",
        "imports/apply/streaming_writer.py": "records are written while later rows are still checked",
        "imports/apply/write_plan.py": "what is left of the plan becomes records, and their effects",
    },
}


class Trace(NamedTuple):
    """The files that run when everything is warm, in order of the first call; and all that ran the first time."""

    warm: list[str]
    cold: set[str]


class Recorder:
    """Notes the files of `app/` whose functions are called, in order of the first call, while `record` lasts."""

    def __init__(self) -> None:
        self._found: dict[str, None] | None = None

    def called(self, frame: Any, event: str, _argument: Any) -> None:
        """The profile function of every thread of the service."""
        if self._found is not None and event == "call":
            file = frame.f_code.co_filename
            if file.startswith(APP):
                self._found[file.removeprefix(APP)] = None

    @contextmanager
    def record(self) -> Iterator[dict[str, None]]:
        """The files that run in the length of the block."""
        self._found = found = {}
        try:
            yield found
        finally:
            self._found = None


@contextmanager
def serving(options: Settings, recorder: Recorder) -> Iterator[str]:
    """The service in threads that the recorder watches; gives its address."""
    config = uvicorn.Config(
        Application(create_app(options)), loop="uvloop", http="app.http.connection:Connection", ws="none",
        lifespan="on", access_log=False, log_level="warning", server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        threading.setprofile(recorder.called)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            threading.setprofile(None)  # type: ignore[arg-type]  # how it is taken back


@contextmanager
def _signed_in(base: str, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base, trust_env=False, timeout=60) as client:
        form = {"grant_type": "password", "username": name, "password": PASSWORD}
        token = client.post("/v1/oauth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def _patch(office: httpx.Client, recorder: Recorder) -> list[str]:
    """Changes a text of a finding; gives the files that the PATCH alone ran through."""
    found = office.get(FIRST)
    place, headers = f"/v1/findings/{found.json()['id']}", {"If-Match": found.headers["etag"], "Content-Type": PATCH}
    with recorder.record() as files:
        answer = office.patch(place, json={"basis": f"第{found.json()['version']}条"}, headers=headers)
        time.sleep(0.05)  # what the service does after its answer
    assert answer.status_code == 200, answer.text
    return list(files)


def _import(loader: httpx.Client, recorder: Recorder, url: str, content: bytes, media: str, **query: str) -> list[str]:
    """Imports a file and waits for its end, of which it reads past the service: that has nothing else to do."""
    with recorder.record() as files:
        place = loader.post(
            "/v1/imports", params={"mode": "commit", **query}, content=content, headers={"Content-Type": media}
        )
        assert place.status_code == 202, place.text
        state = asyncio.run(_ended(url, place.json()["id"]))
        time.sleep(0.05)
    assert state == "committed", loader.get(place.headers["location"]).text
    return list(files)


async def _ended(url: str, import_id: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        while True:
            state: str = await connection.fetchval("select state from import_job where id = $1::uuid", import_id)
            if state not in ("received", "checking", "committing"):
                return state
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


def _findings(first: int) -> bytes:
    return ledgers.delimited([ledgers.FINDING, *(ledgers.finding(CODE, n) for n in range(first, first + ROWS))])


def trace(superuser_url: str, application_url: str, folder: Path) -> dict[str, Trace]:
    """What the PATCH and the import run through, over a migrated database without records."""
    update_sql.cache_clear()  # what has run in this process before would else leave the first request warm
    asyncio.run(account(application_url, "traced_office", "inspection_office", CODE))
    asyncio.run(account(application_url, "traced_loader", "ledger_loader", CODE))
    folder.mkdir(exist_ok=True)
    options = Settings(**databases.addresses(application_url), data_dir=folder, access_log=str(folder / "access.log"))
    recorder = Recorder()
    with serving(options, recorder) as base, _signed_in(base, "traced_office") as office:
        with _signed_in(base, "traced_loader") as loader:
            _import(loader, recorder, superuser_url, ledgers.workbook(ledgers.register(CODE)), XLSX)
            imports = [
                _import(loader, recorder, superuser_url, _findings(1 + i * ROWS), CSV, type="findings")
                for i in range(5)
            ]
        patches = [_patch(office, recorder) for _ in range(5)]
    return {"PATCH": _traced(patches), "csv import": _traced(imports)}


def _traced(runs: list[list[str]]) -> Trace:
    """What ran in one run only may have been the service's own business, such as its heartbeat."""
    warm = [file for file in runs[1] if all(file in run for run in runs[1:])]
    return Trace(warm, set(runs[0]))


def main() -> None:
    """Prints what runs, and what one reads."""
    with folder("trace") as place, embedded_postgres(place / "postgres", durable=False) as running:
        asyncio.run(migrate(databases.known(running).superuser_url, running.logins))
        found = trace(running.superuser_url, running.application_url, place / "data")
    for name, (warm, _) in found.items():
        print(f"{name}: {len(warm)} files run (at most {MOST_RUN[name]}), {len(TO_READ[name])} to read:")
        for file, why in TO_READ[name].items():
            print(f"     {file:34} {why}")
        print("  in order of the first call:")
        for n, file in enumerate(warm, 1):
            print(f"{n:4} {file}")


if __name__ == "__main__":
    main()
