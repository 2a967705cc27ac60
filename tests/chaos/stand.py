"""What is put to the test: a Postgres and a service in processes of their own, and the wire between them."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import asyncpg
import httpx

from app.clock import now
from app.db.embedded import EmbeddedPostgres, embedded_postgres
from app.db.pool import Pools
from app.migrate.run import migrate
from tests.chaos.wire import Wire
from tests.e2e.serving import launched
from tests.support import databases
from tests.support.bureaus import entered
from tests.support.callers import HOME

READY_SECONDS = 90
# A commit waits 4 ms before it is written out, so that a kill can fall between the statement and its commit.
SETTINGS = {"commit_delay": "4000", "commit_siblings": "0", "max_connections": "60", "shared_buffers": "64MB"}
MIB = 2**20
TMPFS_MIB = 420


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stand:
    """The Postgres, the service, and the wire."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "postgres"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.mounted = False
        self._running = ExitStack()
        self._service: BaseProcess | None = None
        self.postgres: EmbeddedPostgres

    async def build(self) -> None:
        """Make the database, its schema and the accounts, and start the service."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        self._mount()
        self.start_postgres()
        await migrate(self.postgres.superuser_url, self.postgres.logins)
        pools = Pools(self.postgres.logins)
        await entered(pools, "office", "inspection_office", HOME)
        await entered(pools, "loader", "ledger_loader", HOME, expires_at=now() + timedelta(days=20))
        await pools.close()
        self.wire = Wire(self.postgres_port)
        await self.wire.open()
        await self.start_service()

    async def clear(self) -> None:
        """End and remove all of it."""
        self.kill_service()
        await self.wire.close()
        await asyncio.to_thread(self._running.close)
        self._unmount()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _mount(self) -> None:
        """As root, give the data directory a small file system of its own, so that it can be full."""
        self.home.mkdir()
        self.home.chmod(0o711)
        if os.geteuid() == 0:
            size = f"size={TMPFS_MIB}m,mode=0711"
            done = subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", size, "ledger-chaos", str(self.home)])
            self.mounted = done.returncode == 0

    def _unmount(self) -> None:
        if self.mounted:
            subprocess.run(["/bin/umount", "--lazy", str(self.home)], check=True)

    # Postgres

    @property
    def postgres_port(self) -> int:
        """Where Postgres itself listens."""
        return int(self.postgres.superuser_url.rpartition(":")[2].partition("/")[0])

    def start_postgres(self, settings: Mapping[str, str] = {}) -> None:
        """Start Postgres on its directory; it keeps its port."""
        self._running.close()
        self.postgres = self._running.enter_context(embedded_postgres(self.home, settings=SETTINGS | dict(settings)))
        databases.known(self.postgres)

    def end_postgres(self) -> None:
        """Stop it, if it still runs."""
        self._running.close()

    async def restart_postgres(self) -> None:
        """Start Postgres again after its end, however it ended."""
        await asyncio.to_thread(self.start_postgres)
        self.wire.target = self.postgres_port

    def backends(self) -> dict[int, str]:
        """The children of the postmaster, with the names that they give themselves."""
        server, found = self.postgres.process_id, {}
        with suppress(OSError):
            for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
                with suppress(OSError):
                    found[int(child)] = Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace")
        return found

    def sessions(self) -> list[int]:
        """The backends that work for the service."""
        return [pid for pid, title in self.backends().items() if " ledger_app" in title]

    def kill_postgres(self) -> None:
        """kill -9 of all its processes."""
        self._signal(self.postgres.process_id, signal.SIGSTOP)  # no new children
        for pid in (*self.backends(), self.postgres.process_id):
            self._signal(pid, signal.SIGKILL)

    def kill_postmaster(self) -> None:
        """kill -9 of the first process alone: its children notice, and end."""
        self._signal(self.postgres.process_id, signal.SIGKILL)

    def signal_postgres(self, number: signal.Signals) -> None:
        """SIGINT: a fast shutdown. SIGQUIT: an immediate one."""
        self._signal(self.postgres.process_id, number)

    def signal_sessions(self, number: signal.Signals, most: int = 1000) -> None:
        """SIGTERM ends sessions as pg_terminate_backend does; SIGKILL of one makes Postgres start over."""
        for pid in self.sessions()[:most]:
            self._signal(pid, number)

    @staticmethod
    def _signal(pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    async def sql(self, *statements: str) -> None:
        """Statements of the superuser, to prepare a fault."""
        connection = await asyncpg.connect(self.postgres.superuser_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    # The service

    def _settings(self) -> dict[str, str]:
        urls = databases.environment(self.postgres.application_url)
        through = {name: url.replace(f":{self.postgres_port}/", f":{self.wire.port}/") for name, url in urls.items()}
        return {
            **through,
            "LEDGER_DATA_DIR": str(self.folder / "data"),
            "LEDGER_ACCESS_LOG": "off",
            "LEDGER_PORT": str(self.port),
            "LEDGER_ADMIN_PASSWORD": "a password of a test alone",
        }

    async def start_service(self) -> None:
        """Start it as an administrator does, and wait until it is ready."""
        if self._service:
            await asyncio.to_thread(self._service.join, 10)  # it still holds the port until it is gone
        self._service = launched(self._settings(), self.folder / "service.log")
        await self.ready()

    def kill_service(self) -> None:
        """kill -9 of the service."""
        if self._service:
            self._service.kill()

    def service_ended(self) -> bool:
        """Whether it has ended, by itself or by us."""
        return self._service is None or self._service.exitcode is not None

    async def ready(self) -> None:
        """Wait until the service says that it is ready."""
        until = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            while time.monotonic() < until:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"{self.address}/health/ready")).status_code == 200:
                        return
                if self.service_ended():
                    raise AssertionError("the service has ended: " + self.last_words())
                await asyncio.sleep(0.05)
        raise AssertionError("the service does not become ready: " + self.last_words())

    def last_words(self) -> str:
        """The end of the service's log."""
        return (self.folder / "service.log").read_text(errors="replace")[-2000:]
