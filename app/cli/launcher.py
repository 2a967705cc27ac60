"""Starting the service: the port, the database, the schema, the first account, then uvicorn; and ending in order."""

import errno
import os
import resource
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import httpx
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.cli.client import address
from app.cli.database import Database, bring_up_to_date, database
from app.cli.first_account import first_account
from app.cli.keys import installation_ring, require_keys
from app.cli.words import Stop, tell, usage
from app.cli.worker import LOGS
from app.db.logins import Logins
from app.settings import Settings, settings

WORKER_SECONDS = 60  # a worker that answers its parent later is replaced; on a busy machine importing takes several
GRACE_SECONDS = 10  # what is under way when the service is told to stop
AFTER_READY_SECONDS = 5
ENDING = (signal.SIGTERM, signal.SIGINT)
HANGUP = signal.SIGHUP  # the terminal is gone; `nohup` says that this is no reason to end
# A serving process can neither change the schema, nor encrypt anew, nor open an account of its own.
NOT_FOR_SERVING = (
    "LEDGER_OWNER_DATABASE_URL", "LEDGER_SEALING_DATABASE_URL", "LEDGER_ADMIN_PASSWORD", "LEDGER_DEMO_PASSWORD",
)  # fmt: skip


@dataclass
class Started:
    """A service that is about to answer: where, on which database and data, and whether it is already ending."""

    url: str
    database: Database
    directory: Path
    options: Settings
    ending: threading.Event = field(default_factory=threading.Event)

    def until_ready(self) -> bool:
        """Wait until the service is ready. False if it ended before."""
        with httpx.Client(trust_env=False, timeout=5) as http:
            while not self.ending.wait(0.05):
                with suppress(httpx.HTTPError):
                    if http.get(f"{self.url}/health/ready").status_code == 200:
                        return True
        return False


AfterReady = Callable[[Started], None]


def launch(*, after_ready: AfterReady | None = None, keep: Callable[[Path, str], None] | None = None) -> None:
    """Serve until a signal ends the service.

    after_ready   called once the service is ready, in a thread beside it
    keep          called with the data directory and the password of `admin` before that account is made
    """
    options = Settings()
    with _ending_in_order(), _listener(options) as listener:
        tell("正在启动……", "Starting …")
        with database(options) as found:
            bring_up_to_date(found)
            first_account(found.logins, options.admin_password, partial(keep, found.directory) if keep else None)
            secret = options.secret_key.get_secret_value() if options.secret_key else None
            require_keys(found.logins, installation_ring(found.logins, secret, found.directory))
            _environment(options, found.logins, found.directory, quiet=after_ready is not None)
            started = Started(address(*listener.getsockname()[:2]), found, found.directory, options)
            _serve_beside(options, listener, started, after_ready)
    tell("已停止。", "Stopped.")


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let the first SIGTERM, SIGINT or SIGHUP stop what was started, in order. Further ones are ignored meanwhile."""

    def unwind(*_: Any) -> NoReturn:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(0)

    def hang_up(*_: Any) -> None:
        signal.raise_signal(signal.SIGTERM)  # whoever handles that now: uvicorn while it serves

    before = {number: signal.signal(number, unwind) for number in ENDING}
    if signal.getsignal(HANGUP) is not signal.SIG_IGN:
        before[HANGUP] = signal.signal(HANGUP, hang_up)
    try:
        yield
    except SystemExit as end:
        if end.code:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _listener(options: Settings) -> Iterator[socket.socket]:
    """The listening socket. The port is taken before anything else is started."""
    place = f"{options.host}:{options.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as problem:
        usage(f"地址 {place} 不可用（{problem}），请检查 LEDGER_HOST。", "No such address: check LEDGER_HOST.")
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as problem:
            raise _taken(place, problem) from None
        yield listener


def _taken(place: str, problem: OSError) -> Stop:
    if problem.errno == errno.EADDRINUSE:
        return Stop(
            f"{place} 已被另一个程序占用，请停止它，或用 LEDGER_PORT 另设端口。",
            f"Another program uses {place}: stop it, or set another LEDGER_PORT.",
        )
    return Stop(
        f"不能在 {place} 上监听（{problem.strerror}），请检查 LEDGER_HOST 和 LEDGER_PORT。",
        f"Cannot listen on {place} ({problem.strerror}): check LEDGER_HOST and LEDGER_PORT.",
    )


def _environment(options: Settings, logins: Logins, directory: Path, quiet: bool) -> None:
    """Set the environment variables from which the serving processes read their settings."""
    os.environ["LEDGER_DATABASE_URL"] = logins.requests
    os.environ["LEDGER_AUTH_DATABASE_URL"], os.environ["LEDGER_JOBS_DATABASE_URL"] = logins.auth, logins.jobs
    os.environ["LEDGER_DATA_DIR"] = str(directory)
    for name in NOT_FOR_SERVING:
        os.environ.pop(name, None)
    if "access_log" not in options.model_fields_set and (quiet or sys.stderr.isatty()):
        # The lines of every request would drown what a person is told.
        os.environ["LEDGER_ACCESS_LOG"] = str(directory / "access.log")
    if options.workers > 1:
        metrics = directory / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)  # counters begin anew with the service
        metrics.mkdir(mode=0o700)
        os.environ["LEDGER_METRICS_DIR"] = os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    settings.cache_clear()


def _serve_beside(options: Settings, listener: socket.socket, started: Started, after_ready: AfterReady | None) -> None:
    def beside() -> None:
        if started.until_ready():
            if after_ready:
                after_ready(started)
            if not started.ending.is_set():
                announce(started)

    companion = threading.Thread(target=beside, name="announcer", daemon=True)
    companion.start()
    try:
        _serve(options, listener)
    finally:
        started.ending.set()
        listener.close()  # resets whatever nobody will answer any more
        companion.join(AFTER_READY_SECONDS)


def _allow_open_files() -> None:
    """Let this process and its workers have as many open files as they may: a connection is one, and 1 024 are few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _serve(options: Settings, listener: socket.socket) -> None:
    _allow_open_files()
    config = uvicorn.Config(
        "app.cli.worker:application",
        factory=True,
        loop="uvloop",
        http="app.http.connection:Connection",  # it has the limits, too
        ws="none",
        lifespan="on",
        workers=options.workers,
        log_config=LOGS,
        access_log=False,  # app/http/server.py writes the lines
        server_header=False,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=options.trusted_proxies or [],
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=WORKER_SECONDS,
    )
    try:
        if options.workers == 1:
            uvicorn.Server(config).run(sockets=[listener])
        else:
            _supervise(config, listener)
    except SystemExit as end:
        if end.code == STARTUP_FAILURE:
            raise Stop("服务没有启动，原因见上面的日志。", "The service did not start: see the log above.") from None
        raise
    except OSError as problem:
        raise _taken(f"{options.host}:{options.port}", problem) from None


class _Workers(Multiprocess):
    """uvicorn's supervisor of the workers. It would take SIGHUP for an order to start them anew."""

    def handle_hup(self) -> None:
        """End in order, as by SIGTERM."""
        self.handle_term()


def _supervise(config: uvicorn.Config, listener: socket.socket) -> None:
    supervisor = _Workers(config, [listener])
    supervisor.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
        raise SystemExit(STARTUP_FAILURE)


def announce(started: Started) -> None:
    """Print the addresses and folders of the running service, and how to stop it."""
    if started.options.account_confirmation == "waived":
        tell(
            "账号改动免予第二人确认（LEDGER_ACCOUNT_CONFIRMATION=waived）：记为 unconfirmed。",
            "Changes of accounts need no second person (LEDGER_ACCOUNT_CONFIRMATION=waived): entered as unconfirmed.",
        )
    tell(f"网页 Swagger UI      {started.url}/docs")
    tell(f"健康检查 health      {started.url}/health/ready")
    tell(f"数据目录 data        {started.directory}")
    if (log := os.environ.get("LEDGER_ACCESS_LOG", "-")) not in ("-", "off"):
        tell(f"请求记录 access log  {log}")
    tell(f"停止 to stop         Ctrl-C / kill {os.getpid()}")
