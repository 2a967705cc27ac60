"""Services that share a data directory share its imports, and no others: nobody else can read the uploaded file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.imports.worker import QUEUE, queue_name
from app.settings import Settings


def named(directory: Path) -> str:
    return queue_name(Settings(data_dir=directory))


def test_two_machines_with_directories_of_one_path_have_two_queues(tmp_path: Path) -> None:
    here = named(tmp_path / "data")
    (tmp_path / "data").rename(tmp_path / "first machine")
    assert named(tmp_path / "data") != here
    assert named(tmp_path / "first machine") == here, "a directory under another path is the same directory"


def test_processes_that_start_at_once_agree_on_the_queue(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        names = {*pool.map(named, [tmp_path / "data"] * 64)}
    assert len(names) == 1
    assert [path.name for path in (tmp_path / "data").iterdir() if path.is_file()] == [QUEUE]
