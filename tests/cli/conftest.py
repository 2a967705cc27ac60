"""A place for a data directory, and a directory in which a service can start at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Prepared
from tests.support.bureaus import cheap_passwords
from tests.support.folders import folder


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of its own."""
    with folder("cli") as made:
        yield made


@pytest.fixture
def data(place: Path, prepared: Prepared) -> Path:
    """A data directory of its own, in which a first start has only accounts and keys to make."""
    return prepared(place / "data")


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords() -> None:
    """Commands that run in this process hash cheaply, and a service then checks cheaply what they have set."""
    cheap_passwords()
