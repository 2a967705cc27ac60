"""Folders for the data directories of tests: in memory where there is room, and entered by the account of the database.

A data directory is some 2 000 files. On a file system without a journal (virtual machines of build servers) each file
that is made looks past all that were removed in the last minutes: a quarter of the processor time of tests that start
many services. Price: the memory, and what a killed run leaves there until the next run.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED = "LEDGER_TEST_SHARED"  # names the directory that the processes of a run share
MEMORY, DISK = Path("/dev/shm"), Path("/var/tmp")  # noqa: S108  # what is made there has a name that nobody can guess
ROOM = 6 * 2**30  # as root, the server's programs may be copied there, so they must be allowed to run
RUN = "ledger-tests-"


@contextmanager
def shared() -> Iterator[None]:
    """Make the directory of a run, and remove it and what killed runs have left; does nothing within a run."""
    if SHARED in os.environ:
        yield
        return
    place = _place()
    for left in place.glob(f"{RUN}*"):
        with _held(left) as ours:
            if ours:
                shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=RUN, dir=place))
    made.chmod(0o711)
    os.environ[SHARED] = str(made)
    with _held(made):
        yield
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """A folder that every account can enter, as the database's must when the tests run as root; removed afterwards."""
    made = Path(tempfile.mkdtemp(prefix=f"ledger-{name}-", dir=os.environ.get(SHARED) or DISK))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _place() -> Path:
    """Where there is room: memory, else the disk (/tmp may be a small tmpfs)."""
    if not os.access(MEMORY, os.W_OK):
        return DISK
    found = os.statvfs(MEMORY)
    fits = found.f_bavail * found.f_frsize > ROOM and _free_memory() > ROOM
    return MEMORY if fits and not found.f_flag & os.ST_NOEXEC else DISK


def _free_memory() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024


@contextmanager
def _held(directory: Path) -> Iterator[bool]:
    """Whether no run held this directory until now; it is held for the length of the block. Another's is left alone."""
    try:
        opened = os.open(directory, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(opened)
