"""A request runs through few files, and fewer of them must be read to understand it. `make trace` prints them."""

from pathlib import Path

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.support import databases
from tests.support.trace import APP, MOST_RUN, MOST_TO_READ, TO_READ, Trace, trace


@pytest.fixture(scope="module")
async def traced(database: EmbeddedPostgres) -> tuple[str, str]:
    """A migrated database of its own: its addresses."""
    await databases.create(database.superuser_url, "traced", databases.PRISTINE)
    return databases.beside(database.superuser_url, "traced"), databases.beside(database.application_url, "traced")


@pytest.fixture(scope="module")
def found(traced: tuple[str, str], folder: Path) -> dict[str, Trace]:
    return trace(*traced, folder / "traced")


@pytest.mark.parametrize("name", TO_READ)
def test_a_request_runs_through_few_files(name: str, found: dict[str, Trace]) -> None:
    warm = found[name].warm
    assert 5 < len(warm) <= MOST_RUN[name], "\n".join(warm)


@pytest.mark.parametrize("name", TO_READ)
def test_what_one_reads_to_understand_a_request_is_what_it_runs_through(name: str, found: dict[str, Trace]) -> None:
    files = TO_READ[name]
    assert len(files) <= MOST_TO_READ[name]
    assert [file for file in files if not (Path(APP) / file).is_file()] == []
    assert set(files) - found[name].cold - set(found[name].warm) == set()
