"""Three Postgres under Debian's patroni, and its etcd, on loopback, by the node's file of deploy/patroni."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import yaml

PROJECT = Path(__file__).parents[2]
PATRONI, ETCD = shutil.which("patroni"), shutil.which("etcd")
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
ACCOUNT = "postgres"
# Shorter than those of deploy/patroni, so that a night has more rounds. The limits of the client stay what they are.
TIMES = {"ttl": 10, "loop_wait": 2, "retry_timeout": 3}
PASSWORD = "change-superuser"  # of the example file
WHOLE_SECONDS, NEEDED = 120, 3
ALIVE = ("running", "streaming")


def missing() -> str:
    """What is not installed here; '' is nothing."""
    there = {"patroni": PATRONI, "etcd-server": ETCD, "postgresql": BINARIES}
    with suppress(KeyError):
        there["the account postgres"] = pwd.getpwnam(ACCOUNT).pw_name
    if os.geteuid() != 0:
        return "root, to start the servers as their account"
    return ", ".join(name for name, found in there.items() if not found)


class Node:
    """One patroni with its Postgres."""

    def __init__(self, name: str, folder: Path, ports: tuple[int, int], etcd: int) -> None:
        self.name, self.folder, (self.port, self.rest) = name, folder, ports
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(mode=0o700)
        account = pwd.getpwnam(ACCOUNT)
        os.chown(folder, account.pw_uid, account.pw_gid)
        (folder / "node.yml").write_text(yaml.safe_dump(self._configuration(etcd)))

    def _configuration(self, etcd: int) -> Any:
        """The deployed file with the addresses, the folders and the times of the test."""
        found = yaml.safe_load((PROJECT / "deploy/patroni/node.yml").read_text().replace("10.0.0.0/24", "127.0.0.1/32"))
        found["name"], found["etcd3"]["hosts"] = self.name, f"127.0.0.1:{etcd}"
        found["restapi"] = dict.fromkeys(("listen", "connect_address"), f"127.0.0.1:{self.rest}")
        found["bootstrap"]["dcs"].update(TIMES)
        found["postgresql"].update(
            listen=f"127.0.0.1:{self.port}", connect_address=f"127.0.0.1:{self.port}", bin_dir=str(BINARIES[-1]),
            data_dir=str(self.folder / "data"), pgpass=str(self.folder / "pgpass"),
        )  # fmt: skip
        found["postgresql"]["parameters"] = {"unix_socket_directories": str(self.folder), "shared_buffers": "64MB"}
        return found

    def start(self) -> None:
        """Start patroni, which starts or joins Postgres."""
        self.process = started([str(PATRONI), str(self.folder / "node.yml")], self.folder / "patroni.log")

    def kill_patroni(self) -> None:
        """kill -9 of patroni alone: its Postgres lives on, and nobody tells it that it is no primary any more."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """kill -9 of patroni and of all processes of its Postgres."""
        self.kill_patroni()
        with suppress(FileNotFoundError, ValueError):
            postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            if str(self.folder) not in Path(f"/proc/{postmaster}/cmdline").read_text():
                return  # the number is another's by now
            children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
            for process in (postmaster, *map(int, children)):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)


def started(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a program as the account of the server."""
    with open(log, "ab") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", user=ACCOUNT, group=ACCOUNT,
            extra_groups=[], start_new_session=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip


class Cluster:
    """The etcd and the three nodes."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.folder, (self._etcd, self._peers, *rest) = folder, ports
        folder.mkdir(mode=0o711)
        pairs = zip(rest[::2], rest[1::2], strict=True)
        self.nodes = [Node(f"ledger-{n}", folder / f"node-{n}", pair, self._etcd) for n, pair in enumerate(pairs, 1)]
        self._keeper: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start all, from nothing to a primary with a synchronous standby and a third."""
        data = self.folder / "etcd"
        data.mkdir(mode=0o700)
        shutil.chown(data, ACCOUNT, ACCOUNT)
        client, peer = f"http://127.0.0.1:{self._etcd}", f"http://127.0.0.1:{self._peers}"
        self._keeper = started(
            [str(ETCD), "--data-dir", str(data), "--listen-client-urls", client, "--advertise-client-urls", client,
             "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
             "--initial-cluster", f"default={peer}"], data / "log")  # fmt: skip
        for node in self.nodes:
            node.start()
        await self.whole()

    def clear(self) -> None:
        """End all of it."""
        for node in self.nodes:
            node.kill()
        if self._keeper:
            self._keeper.kill()
            self._keeper.wait()

    async def members(self) -> list[dict[str, Any]]:
        """The members, as the first node that answers tells them."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            for node in self.nodes:
                with suppress(httpx.HTTPError, KeyError):
                    members: list[dict[str, Any]] = (await http.get(f"http://127.0.0.1:{node.rest}/cluster")).json()[
                        "members"
                    ]
                    return members
        return []

    async def leader(self) -> Node:
        """The node that holds the lead."""
        members = {m["role"]: m["name"] for m in await self.members()}
        return next(node for node in self.nodes if node.name == members["leader"])

    async def succeeded(self, former: Node) -> None:
        """Wait until another node than this holds the lead."""
        until = time.monotonic() + WHOLE_SECONDS
        while time.monotonic() < until:
            leaders = [m["name"] for m in await self.members() if m["role"] == "leader" and m["state"] in ALIVE]
            if leaders and leaders != [former.name]:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"nobody takes the place of {former.name}")

    async def whole(self) -> None:
        """Wait until all three run, on one timeline, one of them as the synchronous standby."""
        until, members = time.monotonic() + WHOLE_SECONDS, list[dict[str, Any]]()
        while time.monotonic() < until:
            members = await self.members()
            roles = [m["role"] for m in members if m["state"] in ALIVE]
            timelines = {m.get("timeline") for m in members}
            if len(roles) == NEEDED and {"leader", "sync_standby"} <= {*roles} and len(timelines) == 1:
                return
            await asyncio.sleep(0.3)
        raise AssertionError(f"the cluster does not become whole: {members}")
