"""What runs in the background: each task is started again when it ends, counted, and seen by `/health/ready`.

A task ends when its connection does: Postgres is restarted, a session is terminated, a network drops what it carried.
The service itself goes on, so that nobody would notice that no import starts any more.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from prometheus_client import Counter, Gauge

from app.logging import log

RESTARTS = Counter("ledger_task_restarts", "Background tasks that ended and were started again", ["task"])
RUNNING = Gauge("ledger_task_running", "Whether a background task is at work", ["task"], multiprocess_mode="livemin")
# The pauses between two attempts: soon at first, and never so long that a repaired database waits for us.
FIRST_SECONDS, MOST_SECONDS = 0.25, 4.0


def pauses() -> Iterator[float]:
    """The seconds to wait before each next attempt, twice as long each time, not the same in all processes."""
    seconds = FIRST_SECONDS
    while True:
        yield seconds * random.uniform(0.8, 1.2)  # noqa: S311  # no secret
        seconds = min(2 * seconds, MOST_SECONDS)


@dataclass
class WatchedTask:
    """One task. What it does sets `running` once its connections are open, and it is not running from its end on."""

    name: str
    attempted: asyncio.Event = field(default_factory=asyncio.Event)  # it is running, or the first attempt has failed
    came_up: bool = False  # whether this attempt was running at any time
    _running: bool = False

    @property
    def running(self) -> bool:
        """Whether the task is at work."""
        return self._running

    @running.setter
    def running(self, running: bool) -> None:
        self._running = running
        self.came_up |= running
        self.attempted.set()
        RUNNING.labels(self.name).set(running)


Run = Callable[[WatchedTask], Awaitable[None]]


@dataclass
class WatchedTasks:
    """The background tasks of one process, by name."""

    tasks: list[WatchedTask] = field(default_factory=list)

    def not_running(self) -> list[str]:
        """The names of the tasks that are not at work just now."""
        return [task.name for task in self.tasks if not task.running]

    @asynccontextmanager
    async def keeping(self, name: str, run: Run) -> AsyncIterator[None]:
        """Run a task again and again while the block lasts, which begins when the task runs or has failed once."""
        watched = WatchedTask(name)
        self.tasks.append(watched)
        RESTARTS.labels(name)
        task = asyncio.create_task(_always(watched, run))
        try:
            await watched.attempted.wait()
            yield
        finally:
            self.tasks.remove(watched)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _always(watched: WatchedTask, run: Run) -> None:
    pause = pauses()
    while True:
        watched.came_up = False
        try:
            await run(watched)
        except Exception as problem:  # whatever it was: a task that is not started again helps nobody
            state = getattr(problem, "sqlstate", None)
            log.warning("task ended", task=watched.name, problem=type(problem).__name__, sqlstate=state)
        finally:
            watched.running = False
        if watched.came_up:  # what was wrong before has passed
            pause = pauses()
        await asyncio.sleep(next(pause))
        RESTARTS.labels(watched.name).inc()
