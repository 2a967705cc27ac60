"""Sending a file to POST /v1/imports and following it to its end, with a progress bar."""

import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.client import patiently, persistently
from app.cli.words import Stop, tell

MEDIA = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
}
CHUNK_BYTES = 256 * 1024
FIRST_LOOK, LONGEST_LOOK = 0.05, 0.5  # seconds between two looks at an import
PLAIN_SECONDS = 2.0
NEVER_ENDING = threading.Event()  # only the demo's service ends in the middle of its own import
FINAL = {"committed", "rejected", "failed", "undone"}
STAGES = {
    "received": "等候 waiting",
    "checking": "检查 checking",
    "checked": "检查 checking",
    "committing": "写入 committing",
    "undoing": "撤销 undoing",
    "redoing": "恢复 restoring",
}

Job = dict[str, Any]
Show = Callable[[str, int, int], None]


def send(
    http: httpx.Client, file: Path, query: Mapping[str, str], show: Show, ending: threading.Event, key: str = ""
) -> Job:
    """Upload the file. Returns the import, which has only begun.

    A file whose answer was lost is sent again, under one Idempotency-Key: it is imported once. A caller that names the
    `key` may begin anew as well, after it was killed itself.
    """
    size = file.stat().st_size

    def chunks() -> Iterator[bytes]:
        with file.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                yield chunk
                show("上传 uploading", source.tell(), size)

    headers = {
        "Content-Type": MEDIA[file.suffix.lower()],
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Idempotency-Key": key or str(uuid.uuid4()),
    }
    job: Job = persistently(
        lambda: http.post("/v1/imports", params=dict(query), headers=headers, content=chunks()), ending, reached=False
    )
    return job


def go_on(http: httpx.Client, import_id: str, order: Any, show: Show, ending: threading.Event) -> Job:
    """Go on with an import that was received: wait for it, begin it again if it was interrupted, commit its preview.

    `order` is the body of the commit; None leaves a preview as it is.

    Whatever is lost on the way, calling this once more goes on: nothing is written twice.
    """
    place = f"/v1/imports/{quote(import_id, safe='')}"
    job: Job = patiently(http, place, ending)
    if job["state"] == "failed" and (job.get("problem") or {}).get("code") == "import_interrupted":
        job = _act(http, f"{place}/actions/resume", None, ending)
    job = follow(http, job, show, ending)
    if job["state"] == "checked" and order is not None:
        job = follow(http, _act(http, f"{place}/actions/commit", order, ending), show, ending)
    return job


def _act(http: httpx.Client, path: str, body: Any, ending: threading.Event) -> Job:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    job: Job = persistently(lambda: http.post(path, headers=headers, json=body), ending)
    return job


def follow(http: httpx.Client, job: Job, show: Show, ending: threading.Event) -> Job:
    """Ask until the import is over. Raises Stop once `ending` is set, because the service itself stops."""
    final = FINAL | ({"checked"} if job["mode"] == "preview" else set())
    pause = FIRST_LOOK
    while job["state"] not in final:
        progress = job.get("progress") or {}
        total = int(progress.get("total") or 0)
        show(STAGES[job["state"]], min(int(progress.get("done") or 0), total), total)
        if ending.wait(pause):
            raise Stop("服务正在停止，导入未完成。", "The service is stopping; the import was not finished.")
        pause = min(pause * 1.5, LONGEST_LOOK)
        job = patiently(http, f"/v1/imports/{job['id']}", ending)
    if job["state"] in ("committed", "checked"):
        total = int(job["progress"]["total"])
        show("完成 done", total, total)
    return job


@contextmanager
def progress_bar() -> Iterator[Show]:
    """A progress bar at a terminal; elsewhere a line every two seconds."""
    if not sys.stdout.isatty():
        yield _plainly()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("上传 uploading", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total or None)

        yield show


def _plainly() -> Show:
    last_line = ("", 0.0)

    def show(stage: str, done: int, total: int) -> None:
        nonlocal last_line
        if stage != last_line[0] or time.monotonic() - last_line[1] > PLAIN_SECONDS:
            tell(f"  {stage} {done}/{total}" if total else f"  {stage}")
            last_line = (stage, time.monotonic())

    return show
