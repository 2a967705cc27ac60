"""Another time than now, for the code under test: the clock of the machine reads as it is told."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from unittest.mock import patch


@contextmanager
def at(moment: datetime, zone: str = "") -> Iterator[None]:
    """Within the block `app.clock` reads this moment, in a process whose own zone is `zone`."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Stopped":
            there = moment.astimezone(tz)
            return cls(*there.timetuple()[:6], there.microsecond, tzinfo=there.tzinfo)

    before = os.environ.get("TZ")
    if zone:
        os.environ["TZ"] = zone
        time.tzset()
    try:
        with patch("app.clock.datetime", Stopped):
            yield
    finally:
        if zone:
            os.environ.pop("TZ")
            if before is not None:
                os.environ["TZ"] = before
            time.tzset()
