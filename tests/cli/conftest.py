"""A place for a data directory."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every account can enter, as the database's account must when the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="ledger-", dir="/var/tmp" if os.geteuid() == 0 else None))  # noqa: S108 made by mkdtemp
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)
