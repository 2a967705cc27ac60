"""Keeps the server of the trial database running: notices its end, says so, and starts it again, or gives it up."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from pathlib import Path

from app.db.postgres_home import EmbeddedPostgresError, Home, disk_is_full, log_tail
from app.db.postgres_server import await_predecessor, start_server, stop_server

STOP_SECONDS = 30
STEADY_SECONDS = 60  # a server that lived for so long may be started again at once
MOST_ATTEMPTS = 6  # in a row, but for a full disk, which is waited for
FIRST_PAUSE, MOST_PAUSE = 0.25, 15.0


class Supervisor:
    """The server of one directory, and the thread that watches it.

    To the kernel the parent of the server is the thread that forked it, so the one that lasts as long as the server
    does starts it, waits for its end, and starts it again on the same port: sessions come back by themselves.

    say    is told, in a sentence for a person, what happened to the server
    ended  is called when the server is given up; `given_up` then says why
    """

    def __init__(
        self, home: Home, binaries: Path, settings: Mapping[str, str], say: Callable[[str], None],
        ended: Callable[[], None],
    ) -> None:  # fmt: skip
        self._home, self._binaries, self._settings = home, binaries, settings
        self._say, self._ended = say, ended
        self._stopping = threading.Event()
        self._lasting = ThreadPoolExecutor(1, "embedded-postgres")
        self._server: subprocess.Popen[bytes] | None = None
        self._watching: Future[None] | None = None
        self.port = 0
        self.given_up: EmbeddedPostgresError | None = None

    def start(self) -> int:
        """Start the server and watch it from now on. Returns its process. Raises EmbeddedPostgresError."""
        self._lasting.submit(self._start).result()
        assert self._server
        process_id = self._server.pid
        self._watching = self._lasting.submit(self._watch)
        return process_id

    def _start(self, port: int = 0) -> None:
        started = time.monotonic()
        server, found = start_server(self._home, self._binaries, self._settings, self._stopping)
        if port and found != port:
            stop_server(server)
            raise EmbeddedPostgresError(
                f"端口 {port} 已被另一个程序占用，内置数据库不能重新启动：请停止那个程序，再启动服务。 "
                f"Another program has taken port {port}, so the embedded database cannot start again: "
                "stop it, then start the service."
            )
        self._server, self.port, self._since = server, found, started

    def _watch(self) -> None:
        attempts = 0
        while True:
            assert self._server
            status = self._server.wait()
            if self._stopping.is_set():
                return
            attempts = 0 if time.monotonic() - self._since > STEADY_SECONDS else attempts
            self._say(_end_of(self._server.pid, status, self._home))
            problem = self._restart(attempts)
            if self._stopping.is_set():
                return
            if problem:
                self.given_up = problem
                self._ended()
                return
            attempts += 1
            self._say(
                f"内置数据库已重新启动（进程 {self._server.pid}）。 "
                f"The embedded database was started again (process {self._server.pid})."
            )

    def _restart(self, attempts: int) -> EmbeddedPostgresError | None:
        """Start the server again, waiting longer each time, as long as the disk is full. The problem if it fails."""
        full = False
        while True:
            if self._stopping.wait(min(FIRST_PAUSE * 2**attempts, MOST_PAUSE)):
                return None
            attempts += 1
            try:
                await_predecessor(self._home)
                self._start(self.port)
                return None
            except (EmbeddedPostgresError, OSError) as error:
                if not disk_is_full(self._home):
                    if attempts >= MOST_ATTEMPTS:
                        return error if isinstance(error, EmbeddedPostgresError) else _unstartable(error)
                elif not full:
                    full = True
                    self._say(_full(self._home))

    def stop(self) -> None:
        """Stop the server and the thread. Raises nothing but what the operating system refuses."""
        self._stopping.set()
        if self._server and self._watching:
            for number in (signal.SIGINT, signal.SIGQUIT):  # fast, with a checkpoint; then at once
                if self._server.poll() is None:
                    self._server.send_signal(number)
                try:
                    self._watching.result(STOP_SECONDS)
                    break
                except StillWaiting:
                    continue
        self._lasting.shutdown()
        if self._server and self._server.poll() is None:  # started while it was told to stop
            stop_server(self._server)


def _end_of(process_id: int, status: int, home: Home) -> str:
    how_zh = f"被信号 {-status} 终止" if status < 0 else f"以状态 {status} 结束"
    how_en = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return (
        f"内置数据库（进程 {process_id}）{how_zh}，正在重新启动；缘由见 {home.log}。 "
        f"The embedded database (process {process_id}) {how_en} and is being started again; {home.log} says why."
    )


def _full(home: Home) -> str:
    return (
        f"磁盘已满，内置数据库不能启动：请在 {home.directory} 所在的磁盘上腾出空间，之后自行启动，"
        f"不要删除 {home.data} 里的任何文件。 "
        f"The disk is full and the embedded database cannot start: make room on the disk of {home.directory}; it then "
        f"starts by itself. Delete nothing in {home.data}.\n{home.log}:\n{log_tail(home)}"
    )


def _unstartable(error: OSError) -> EmbeddedPostgresError:
    return EmbeddedPostgresError(
        f"内置数据库不能重新启动（{error}），请排除后重新启动服务。 "
        f"The embedded database cannot be started again ({error}): put that right, then start the service."
    )
