"""Two services before three Postgres under patroni: the primary is lost while clerks write through both."""

import asyncio
import base64
import secrets
import shutil
import time
from contextlib import suppress
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import asyncpg
import httpx

from app.clock import now
from app.db.logins import FURTHER, Logins, login_name
from app.db.pool import Pools
from app.db.primary import of_primary
from app.migrate.run import migrate
from tests.chaos import patroni
from tests.chaos.callers import Callers
from tests.chaos.rounds import LOST
from tests.chaos.stand import READY_SECONDS, free_port
from tests.e2e.serving import launched
from tests.support.bureaus import entered
from tests.support.callers import HOME


class ClusterStand:
    """The cluster, and the services with one address of three hosts."""

    def __init__(self, folder: Path) -> None:
        self.folder, ports = folder, [free_port() for _ in range(10)]
        folder.chmod(0o711)
        self.cluster = patroni.Cluster(folder / "cluster", ports[:8])
        self.ports = ports[8:]
        self.address, self.second = (f"http://127.0.0.1:{port}" for port in self.ports)
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.cluster.nodes)
        self._place = f"{hosts}/ledger?target_session_attrs=primary"
        self._services: list[BaseProcess] = []
        self._broken: patroni.Node | None = None

    def _url(self, login: str, password: str) -> str:
        return f"postgresql://{login}:{password}@{self._place}"

    async def build(self) -> None:
        """From nothing to two services that are ready."""
        await self.cluster.start()
        owner = self._url("postgres", patroni.PASSWORD)
        connection = await asyncpg.connect(await of_primary(owner.replace("/ledger?", "/postgres?")))
        await connection.execute("create database ledger encoding 'UTF8'")
        await connection.close()
        names = ("ledger_app", *(login_name("ledger_app", kind) for kind in FURTHER))
        logins = Logins(*(self._url(name, secrets.token_hex(16)) for name in names))
        await migrate(owner, logins)
        pools = Pools(logins)
        await entered(pools, "office", "inspection_office", HOME)
        await entered(pools, "loader", "ledger_loader", HOME, expires_at=now() + timedelta(days=20))
        await pools.close()
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        given = {"LEDGER_SECRET_KEY": key, "LEDGER_ADMIN_PASSWORD": "a password of a test alone",
                 "LEDGER_ACCESS_LOG": "off", "LEDGER_DATABASE_URL": logins.requests}  # fmt: skip
        given |= {f"LEDGER_{kind.upper()}_DATABASE_URL": getattr(logins, kind) for kind in FURTHER}
        for port in self.ports:
            home = {"LEDGER_PORT": str(port), "LEDGER_DATA_DIR": str(self.folder / f"data-{port}")}
            self._services.append(launched(given | home, self.folder / f"service-{port}.log"))
        await self.ready()

    async def clear(self) -> None:
        """End and remove all of it."""
        for service in self._services:
            service.kill()
        await asyncio.to_thread(self.cluster.clear)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def ready(self) -> None:
        """Wait until both services say that they are ready. Neither may have ended."""
        until = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            for address, service in zip((self.address, self.second), self._services, strict=True):
                while not await _says_ready(http, address):
                    assert service.exitcode is None, f"the service has ended: {service.exitcode}"
                    assert time.monotonic() < until, f"the service at {address} does not become ready"
                    await asyncio.sleep(0.1)

    async def strike(self, fault: str) -> None:
        """Lose the primary; or leave it alone, where nothing stops it, and return when another has been promoted."""
        self._broken = await self.cluster.leader()
        if fault == LOST:
            self._broken.kill()
        else:
            self._broken.kill_patroni()
            await self.cluster.succeeded(self._broken)

    async def mend(self) -> None:
        """Start again what was killed, and wait until the cluster is whole: another loss before that would end it."""
        if self._broken:
            self._broken.start()
        await self.cluster.whole()

    async def callers(self) -> tuple[Callers, Callers]:
        """The callers of each service, signed in."""
        found = Callers(self.address), Callers(self.second)
        for one in found:
            await one.sign_in()
            await one.look_for_keys()
        return found


async def _says_ready(http: httpx.AsyncClient, address: str) -> bool:
    with suppress(httpx.HTTPError):
        return (await http.get(f"{address}/health/ready")).status_code == 200
    return False
