"""The server of the trial database ends by itself, or is killed: what is said, and how it comes back."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from app.db import postgres_supervisor
from app.db.embedded import EmbeddedPostgresError, embedded_postgres
from app.db.postgres_processes import orphans
from tests.db.conftest import AS_ROOT, ask, ended, is_bilingual
from tests.support.folders import folder


async def again(url: str, statement: str = "select 1", seconds: float = 60) -> Any:
    """The answer of a server that is coming back; bounded."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await ask(url, statement)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # noqa: ASYNC251  # nothing else runs here


def server_of(directory: Path) -> int:
    """The server that runs on the directory now."""
    return int((directory / "data" / "postmaster.pid").read_text().split("\n")[0])


async def test_a_server_that_was_killed_is_started_again_on_its_port_with_what_was_committed(directory: Path) -> None:
    said: list[str] = []
    with embedded_postgres(directory, say=said.append) as server:
        await ask(
            server.superuser_url, "create table outlived (title text)", "insert into outlived values ('committed')"
        )
        os.kill(server.process_id, signal.SIGKILL)
        assert ended(server.process_id)
        assert await again(server.superuser_url, "select title from outlived") == "committed"
        second = server_of(directory)
        assert second != server.process_id
        os.kill(second, signal.SIGKILL)  # and once more
        assert ended(second)
        assert await again(server.superuser_url, "select title from outlived") == "committed"
    assert ended(server_of(directory) if (directory / "data" / "postmaster.pid").exists() else second, 0.1)
    assert str(server.process_id) in said[0] and "9" in said[0] and all(is_bilingual(s) for s in said)
    assert len(said) == 4, said


async def test_a_session_that_was_killed_is_the_server_s_own_affair(directory: Path) -> None:
    said: list[str] = []
    with embedded_postgres(directory, say=said.append) as server:
        connection = await asyncpg.connect(server.superuser_url)
        os.kill(await connection.fetchval("select pg_backend_pid()"), signal.SIGKILL)
        assert await again(server.superuser_url) == 1
        assert server_of(directory) == server.process_id
        connection.terminate()
    assert said == []


def test_a_server_that_never_comes_back_is_given_up_with_a_sentence(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_supervisor, "FIRST_PAUSE", 0.01)
    given_up = threading.Event()
    control, aside = directory / "data" / "global" / "pg_control", directory / "pg_control"
    said: list[str] = []
    with (
        pytest.raises(EmbeddedPostgresError, match="PostgreSQL did not start") as refusal,
        embedded_postgres(directory, say=said.append, ended=given_up.set) as server,
    ):
        control.rename(aside)
        os.kill(server.process_id, signal.SIGKILL)
        assert given_up.wait(60)
    assert is_bilingual(str(refusal.value).split("\n")[0])
    aside.rename(control)
    with embedded_postgres(directory):
        pass


async def test_what_a_killed_server_has_left_behind_is_ended_before_the_next_starts(
    directory: Path, service: tuple[subprocess.Popen[str], str, int]
) -> None:
    process, url, postmaster = service
    connection = await asyncpg.connect(url)
    backend = await connection.fetchval("select pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)  # it cannot see that its server ends
    os.kill(postmaster, signal.SIGKILL)
    process.kill()
    process.wait()
    assert ended(postmaster)
    assert backend in orphans((directory / "data").resolve())
    with embedded_postgres(directory) as server:
        assert await ask(server.superuser_url, "select 1") == 1
        assert ended(backend, 0.1)
    connection.terminate()


async def test_an_orphan_that_does_not_end_is_named_with_what_to_type(
    directory: Path, service: tuple[subprocess.Popen[str], str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, url, postmaster = service
    connection = await asyncpg.connect(url)
    backend = await connection.fetchval("select pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)
    os.kill(postmaster, signal.SIGKILL)
    process.kill()
    process.wait()
    assert ended(postmaster)
    monkeypatch.setattr("app.db.postgres_processes.ORPHAN_SECONDS", 0.2)  # shorter than it takes to be killed
    with (
        pytest.raises(EmbeddedPostgresError, match=rf"kill -9 .*\b{backend}\b") as refusal,
        embedded_postgres(directory),
    ):
        pass
    assert is_bilingual(str(refusal.value))
    os.kill(backend, signal.SIGKILL)
    connection.terminate()


async def test_a_copied_directory_starts_beside_its_original(directory: Path) -> None:
    copy = directory.parent / "copy"
    with embedded_postgres(directory) as original:
        shutil.copytree(directory, copy, copy_function=shutil.copy2)
        for path in (copy, *copy.rglob("*")):
            found = (directory / path.relative_to(copy)).lstat()
            os.chown(path, found.st_uid, found.st_gid, follow_symlinks=False)
        assert server_of(copy) == original.process_id
        with embedded_postgres(copy) as second:
            assert await ask(second.superuser_url, "select 1") == 1
            assert urlsplit(second.superuser_url).port != urlsplit(original.superuser_url).port
        assert await ask(original.superuser_url, "select 1") == 1
    shutil.rmtree(copy)


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a directory away")
def test_data_of_another_account_is_refused_with_the_command_that_mends_it(directory: Path) -> None:
    data = directory / "data"
    owner = data.stat()
    os.chown(data, 12345, 12345)
    with pytest.raises(EmbeddedPostgresError, match=rf"chown -R \w+: {data}") as refusal, embedded_postgres(directory):
        pass
    os.chown(data, owner.st_uid, owner.st_gid)
    assert is_bilingual(str(refusal.value))


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A directory on a disk of its own with little room."""
    with folder("disk") as place:
        mounted = subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=160m,mode=0711", "tmpfs", place])
        if mounted.returncode:
            pytest.skip("no right to mount")
        yield place
        subprocess.run(["/bin/umount", place], check=True)


def fill(ballast: Path) -> None:
    """Leaves no room on the disk."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * (1 << 18)):
            pass


INSERT = "insert into kept select {}, repeat(md5(random()::text), 20000)"


async def test_a_disk_that_is_full_to_the_last_byte_loses_nothing_and_room_brings_all_back(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First a table cannot grow; then the server ends, as in a panic over its log, and cannot start without room."""
    monkeypatch.setattr(postgres_supervisor, "FIRST_PAUSE", 2)
    said: list[str] = []
    settings = {"shared_buffers": "16MB", "max_wal_size": "64MB", "min_wal_size": "32MB"}
    with embedded_postgres(small_disk / "ledger", settings=settings, say=said.append) as server:
        url, acknowledged = server.superuser_url, 0
        await ask(url, "create table kept (n int, text text)", "alter table kept alter text set storage external")
        fill(small_disk / "ballast")
        with pytest.raises(asyncpg.DiskFullError):
            while acknowledged < 1000:
                await ask(url, INSERT.format(acknowledged))
                acknowledged += 1
        assert await ask(url, "select count(*) from kept") == acknowledged, "reads go on"
        os.kill(server.process_id, signal.SIGKILL)
        assert ended(server.process_id)
        (small_disk / "ledger" / "data" / "postmaster.pid").unlink()
        fill(small_disk / "last")  # the page of that file, too
        deadline = time.monotonic() + 60
        while not any("磁盘已满" in sentence for sentence in said):
            assert time.monotonic() < deadline, said
            time.sleep(0.05)  # noqa: ASYNC251  # nothing else runs here
        (small_disk / "ballast").unlink()
        (small_disk / "last").unlink()
        assert await again(url, "select count(*) from kept") == acknowledged
        await ask(url, INSERT.format(acknowledged))
    assert all(is_bilingual(sentence.split("\n")[0]) for sentence in said)
    assert "重新启动（" in said[-1], said
