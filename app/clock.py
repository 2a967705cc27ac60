"""The one place that asks what time it is. A day is a day in Asia/Shanghai; a moment carries an offset."""

from datetime import datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, with the Shanghai offset."""
    return datetime.now(SHANGHAI)
