"""A place for a data directory, and a directory in which a service can start at once."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Prepared
from tests.support.bureaus import cheap_passwords


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every account can enter, as the database's account must when the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="ledger-", dir="/var/tmp" if os.geteuid() == 0 else None))  # noqa: S108 made by mkdtemp
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def data(place: Path, prepared: Prepared) -> Path:
    """A data directory of its own, in which a first start has only accounts and keys to make."""
    return prepared(place / "data")


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords() -> None:
    """Commands that run in this process hash cheaply, and a service then checks cheaply what they have set."""
    cheap_passwords()
