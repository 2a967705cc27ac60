"""The files of imports that were interrupted: each is kept in the database, so that the import can go on.

A file waits in `uploads/` until it is checked. If its process or its connection is gone before, the import has failed
and nothing of it was written; its file is then kept encrypted, like that of an import with a rejected row.
"""

import os
import uuid
from pathlib import Path
from typing import Any

from app.errors import Refusal
from app.imports import jobs, kept_file
from app.kernel.store import RequestContext


async def keep(service: Any, account: str, import_id: str, path: Path) -> None:
    """Keep the file of an interrupted import, if it is still there and its maker, too."""
    try:
        if path.exists():  # noqa: ASYNC240  # one look at a local disk
            await kept_file.keep(await jobs.maker(service, account, "", import_id), import_id, path)
    except Refusal:
        return


async def put_back(ctx: RequestContext, import_id: str, path: Path) -> None:
    """Put the file where the job looks for it, whole or not at all. Refuses with `file_not_kept`."""
    beside = path.with_name(str(uuid.uuid4()))  # what is left of it goes at the next start
    try:
        await kept_file.put_back(ctx, import_id, beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
