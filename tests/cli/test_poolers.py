"""A pooler between the service and Postgres is noticed at the start, and named; against Debian's pgbouncer."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.db.embedded import EmbeddedPostgres
from tests.cli.running import free_port
from tests.support.databases import environment

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="needs pgbouncer (.ci/run installs it)")
# All that the service sends when it connects: where these are passed over, nothing is refused, and no role is taken.
PASSED_OVER = "role,jit,statement_timeout,lock_timeout,idle_in_transaction_session_timeout,search_path,options"
Through = Callable[[str], str]


@contextmanager
def pgbouncer(folder: Path, server: str, passed_over: str) -> Iterator[Through]:
    """A pgbouncer in transaction mode before the server of this address. Gives what leads an address through it."""
    port, place = free_port(), urlsplit(server)
    made = folder / f"pgbouncer-{port}"
    made.mkdir(mode=0o755)
    users = {urlsplit(url).username: urlsplit(url).password for url in (server, *environment(server).values())}
    (made / "users").write_text("".join(f'"{name}" "{password}"\n' for name, password in users.items()))
    (made / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={place.hostname} port={place.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = plain\nauth_file = {made / 'users'}\n"
        f"pool_mode = transaction\nignore_startup_parameters = extra_float_digits{passed_over and ',' + passed_over}\n"
    )
    account = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}  # it does not run as root
    with subprocess.Popen(
        [str(PGBOUNCER), str(made / "pgbouncer.ini")], stderr=subprocess.PIPE, text=True, **account
    ) as process:
        try:
            assert process.stderr and any("process up" in line for line in process.stderr)
            yield lambda url: url.replace(place.netloc.rpartition("@")[2], f"127.0.0.1:{port}")
        finally:
            process.kill()


def called(settings: dict[str, str], directory: Path, *command: str) -> Result:
    return CliRunner().invoke(cli, command, env={**settings, "LEDGER_DATA_DIR": str(directory)})


@pytest.mark.parametrize("passed_over", ["", PASSED_OVER], ids=["refuses", "passes_over"])
def test_the_service_says_that_it_does_not_start_behind_a_pooler(
    passed_over: str, database: EmbeddedPostgres, folder: Path, tmp_path: Path
) -> None:
    settings = {**environment(database.application_url), "LEDGER_OWNER_DATABASE_URL": ""}
    assert called(settings, tmp_path, "account", "list").exit_code == 0
    with pgbouncer(folder, database.application_url, passed_over) as through:
        behind = {name: through(url) if "://" in url else url for name, url in settings.items()}
        told = called(behind, tmp_path, "account", "list")
        assert told.exit_code == 1, told.output
        assert "连接池" in told.stderr and "LEDGER_DATABASE_URL" in told.stderr and "pgbouncer" in told.stderr
        # One login through it is enough: the further ones are looked at, too.
        name = "LEDGER_JOBS_DATABASE_URL"
        told = called({**settings, name: behind[name]}, tmp_path, "account", "list")
        assert told.exit_code == 1 and f"{name} leads to a pooler" in told.stderr, told.output


def test_migrate_is_refused_through_a_pooler(database: EmbeddedPostgres, folder: Path, tmp_path: Path) -> None:
    with pgbouncer(folder, database.superuser_url, "") as through:
        settings = environment(database.application_url)
        owner = {"LEDGER_OWNER_DATABASE_URL": through(database.superuser_url)}
        told = called({**settings, **owner}, tmp_path, "migrate")
        assert told.exit_code == 1 and "LEDGER_OWNER_DATABASE_URL leads to a pooler" in told.stderr, told.output
