"""A second Postgres that follows another one, both from the binaries of the trial database."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.db.embedded import SERVER_ACCOUNT, EmbeddedPostgres
from app.db.postgres_home import Home, as_server, fitting_binaries


def own_place(folder: Path) -> Path:
    """A new directory within another; a process may come to the same tests twice."""
    made = Path(tempfile.mkdtemp(dir=folder))
    made.chmod(0o711)
    return made


def empty_home(directory: Path) -> Home:
    """A directory for a standby, without its cluster."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    directory.chmod(0o711)
    account = pwd.getpwnam(SERVER_ACCOUNT) if os.geteuid() == 0 else None
    home = Home(directory, account, durable=True)
    home.data.mkdir(mode=0o700)
    if account:
        os.chown(home.data, account.pw_uid, account.pw_gid)
    return home


@contextmanager
def following(
    first: EmbeddedPostgres, first_home: Path, home: Home, port: int, settings: Mapping[str, str]
) -> Iterator[str]:
    """Copy the running server `first` into the home, and follow it while the block lasts; gives the superuser's URL.

    first_home   the directory of the first, where its binaries are
    """
    binaries, url = fitting_binaries(replace(home, directory=first_home)), first.superuser_url
    copy = [f"{binaries}/bin/pg_basebackup", "-d", url.rpartition("/")[0] + "/postgres", "-D", f"{home.data}",
            "-R", "-X", "stream", "-c", "fast"]  # fmt: skip
    subprocess.run(copy, check=True, **as_server(home))
    command = [f"{binaries}/bin/postgres", "-D", f"{home.data}"]
    for setting in (*(f"{n}={v}" for n, v in settings.items()), "listen_addresses=127.0.0.1",
                    "unix_socket_directories=", f"port={port}", "cluster_name=standby"):  # fmt: skip
        command += ["-c", setting]
    with open(home.log, "ab") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_server(home))
    try:
        while subprocess.run([f"{binaries}/bin/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
            assert server.poll() is None, home.log.read_text()
            time.sleep(0.05)
        yield url.replace(f":{url.rpartition(':')[2].partition('/')[0]}/", f":{port}/")
    finally:
        server.send_signal(signal.SIGINT)  # fast
        server.wait(30)
