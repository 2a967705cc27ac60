"""The supervisor of the trial database, on real servers.

Making a cluster is what costs time (a start costs 0.05 s), so most tests share one directory and start it anew.
"""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgresError, embedded_postgres
from tests.db.conftest import AS_ROOT, ask, ended, is_bilingual, mode


async def test_a_restart_keeps_the_data_the_passwords_and_the_port(directory: Path) -> None:
    with embedded_postgres(directory) as first:
        await ask(first.superuser_url, "create table kept (title text)", "insert into kept values ('扶贫资金')")
    with embedded_postgres(directory) as second:
        assert await ask(second.superuser_url, "select title from kept") == "扶贫资金"
    assert (second.superuser_url, second.application_url) == (first.superuser_url, first.application_url)
    assert ended(first.process_id, 0.1) and ended(second.process_id, 0.1)


async def test_a_new_database_is_utf8_keeps_chinese_trigrams_and_runs_with_the_documented_settings(
    place: Path,
) -> None:
    with embedded_postgres(
        place / "ledger", durable=False, settings={"work_mem": "5MB", "max_connections": "20"}
    ) as server:
        url = server.superuser_url
        assert urlsplit(url).path == "/ledger"
        assert await ask(url, "show server_encoding") == "UTF8"
        assert await ask(url, "create extension pg_trgm", "select cardinality(show_trgm('扶贫资金'))") > 0
        wanted = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "TimeZone": "UTC", "jit": "off"}
        wanted |= {"fsync": "off", "work_mem": "5MB", "max_connections": "20", "shared_buffers": "256MB"}
        assert {name: await ask(url, f"show {name}") for name in wanted} == wanted


async def test_tcp_refuses_whoever_has_no_password_or_a_wrong_one(directory: Path) -> None:
    with embedded_postgres(directory, durable=False) as server:
        methods = await ask(server.superuser_url, "select array_agg(distinct auth_method) from pg_hba_file_rules")
        assert methods == ["scram-sha-256"]
        port = urlsplit(server.superuser_url).port
        for account in ("postgres", "postgres:wrong"):
            url = urlunsplit(("postgresql", f"{account}@127.0.0.1:{port}", "/postgres", "", ""))
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
                await ask(url, "select 1")


def test_the_secrets_belong_to_the_caller_and_the_data_to_the_account_of_the_server(directory: Path) -> None:
    with embedded_postgres(directory, durable=False) as server:
        secret = urlsplit(server.superuser_url).password
        assert secret and secret not in repr(server)
        assert secret not in (directory / "postgres.log").read_text()
        for name in ("passwords.json", "postgres.log"):
            assert mode(directory / name) == (0o600, os.geteuid(), os.getegid())
        account = Path(f"/proc/{server.process_id}").stat().st_uid
        assert (account != 0) and (account == os.geteuid()) == (not AS_ROOT)
        assert mode(directory / "data")[:2] == (0o700, account)


def test_a_killed_service_takes_its_server_with_it(
    directory: Path, service: tuple[subprocess.Popen[str], str, int]
) -> None:
    process, _, postmaster = service
    process.kill()
    assert ended(postmaster)
    assert not (directory / "data" / "postmaster.pid").exists()


async def test_after_kill_9_of_the_service_a_start_at_once_succeeds_on_a_clean_shutdown_with_the_committed_data(
    directory: Path, service: tuple[subprocess.Popen[str], str, int]
) -> None:
    process, url, _ = service
    await ask(url, "create table late (title text)", "insert into late values ('committed')")
    said_before = len((directory / "postgres.log").read_text())
    process.kill()
    process.wait()
    with embedded_postgres(directory) as server:
        assert await ask(server.superuser_url, "select title from late") == "committed"
    said = (directory / "postgres.log").read_text()[said_before:]
    assert "not properly shut down" not in said
    assert said.index("database system is shut down") < said.index("ready to accept connections")


async def test_after_kill_9_of_service_and_server_a_start_at_once_recovers_the_committed_data(
    directory: Path, service: tuple[subprocess.Popen[str], str, int]
) -> None:
    process, url, postmaster = service
    await ask(url, "create table crashed (title text)", "insert into crashed values ('committed')")
    os.kill(postmaster, signal.SIGKILL)
    process.kill()
    process.wait()
    with embedded_postgres(directory) as server:
        assert await ask(server.superuser_url, "select title from crashed") == "committed"


async def test_a_start_waits_for_the_dying_server_of_a_killed_service(
    directory: Path, service: tuple[subprocess.Popen[str], str, int]
) -> None:
    process, _, postmaster = service
    os.kill(postmaster, signal.SIGSTOP)  # a shutdown that takes its time
    process.kill()
    process.wait()
    began = time.monotonic()
    threading.Timer(1, os.kill, (postmaster, signal.SIGCONT)).start()
    with embedded_postgres(directory) as server:
        assert time.monotonic() - began > 0.9
        assert ended(postmaster, 0.1)
        assert await ask(server.superuser_url, "select 1") == 1


async def test_a_second_starter_is_told_at_once_which_process_holds_the_directory(
    directory: Path, service: tuple[subprocess.Popen[str], str, int]
) -> None:
    process, url, _ = service
    began = time.monotonic()
    with pytest.raises(EmbeddedPostgresError, match=rf"\b{process.pid}\b") as refusal, embedded_postgres(directory):
        pass
    assert time.monotonic() - began < 20, "a server that is dying is waited for for a minute"
    assert is_bilingual(str(refusal.value))
    assert await ask(url, "select 1") == 1


def test_a_server_that_somebody_else_runs_on_the_data_is_named_and_left_alone(directory: Path) -> None:
    with embedded_postgres(directory, durable=False) as server:
        program = Path(f"/proc/{server.process_id}/cmdline").read_text().split("\0")[0]
        port = urlsplit(server.superuser_url).port
    data, owner = directory / "data", (directory / "data").stat()
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", "unix_socket_directories="]
    account: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if AS_ROOT else {}
    with subprocess.Popen([program, "-D", data, *options], cwd="/", stderr=subprocess.DEVNULL, **account) as foreign:
        while "ready" not in ((data / "postmaster.pid").read_text() if (data / "postmaster.pid").exists() else ""):
            assert foreign.poll() is None
            time.sleep(0.02)
        try:
            with (
                pytest.raises(EmbeddedPostgresError, match=rf"\b{foreign.pid}\b") as refusal,
                embedded_postgres(directory),
            ):
                pass
            assert is_bilingual(str(refusal.value))
            assert foreign.poll() is None
        finally:
            foreign.send_signal(signal.SIGINT)


async def test_a_stale_pid_file_that_names_another_living_program_does_not_stop_a_start(directory: Path) -> None:
    (directory / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{directory}/data\n")
    with embedded_postgres(directory, durable=False) as server:
        assert await ask(server.superuser_url, "select 1") == 1
