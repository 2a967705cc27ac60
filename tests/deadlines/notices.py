"""The holidays of 2017 to 2026 as the notices of the State Council's general office give them, copied by hand.

Of each year: the first and last day of each holiday, then the days worked for them. And a naive count over them, which
knows no table and no statement of the service.
"""

from collections.abc import Iterator
from datetime import date, timedelta

NOTICES = """
2017|01-01 01-02|01-27 02-02|04-02 04-04|04-29 05-01|05-28 05-30|10-01 10-08|+01-22 02-04 04-01 05-27 09-30
2018|2017-12-30 01-01|02-15 02-21|04-05 04-07|04-29 05-01|06-16 06-18|09-22 09-24|10-01 10-07|+02-11 02-24 04-08 04-28 09-29 09-30
2019|2018-12-30 01-01|02-04 02-10|04-05 04-07|05-01 05-04|06-07 06-09|09-13 09-15|10-01 10-07|+2018-12-29 02-02 02-03 04-28 05-05 09-29 10-12
2020|01-01 01-01|01-24 02-02|04-04 04-06|05-01 05-05|06-25 06-27|10-01 10-08|+01-19 04-26 05-09 06-28 09-27 10-10
2021|01-01 01-03|02-11 02-17|04-03 04-05|05-01 05-05|06-12 06-14|09-19 09-21|10-01 10-07|+02-07 02-20 04-25 05-08 09-18 09-26 10-09
2022|01-01 01-03|01-31 02-06|04-03 04-05|04-30 05-04|06-03 06-05|09-10 09-12|10-01 10-07|+01-29 01-30 04-02 04-24 05-07 10-08 10-09
2023|2022-12-31 01-02|01-21 01-27|04-05 04-05|04-29 05-03|06-22 06-24|09-29 10-06|+01-28 01-29 04-23 05-06 06-25 10-07 10-08
2024|2023-12-30 01-01|02-10 02-17|04-04 04-06|05-01 05-05|06-08 06-10|09-15 09-17|10-01 10-07|+02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12
2025|01-01 01-01|01-28 02-04|04-04 04-06|05-01 05-05|05-31 06-02|10-01 10-08|+01-26 02-08 04-27 09-28 10-11
2026|01-01 01-03|02-15 02-23|04-04 04-06|05-01 05-05|06-19 06-21|09-25 09-27|10-01 10-07|+01-04 02-14 02-28 05-09 09-20 10-10
"""  # noqa: E501  # a year, a line
FIRST, LAST = date(2017, 1, 1), date(2026, 12, 31)


def _read() -> tuple[frozenset[date], frozenset[date]]:
    off: set[date] = set()
    worked: set[date] = set()
    for line in NOTICES.strip().splitlines():
        year, *parts = line.split("|")
        for part in parts:
            days = [date.fromisoformat(d if len(d) == 10 else f"{year}-{d}") for d in part.removeprefix("+").split()]
            if part.startswith("+"):
                worked.update(days)
            else:
                off.update(each(days[0], days[1]))
    return frozenset(off), frozenset(worked)


def each(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last."""
    while first <= last:
        yield first
        first += timedelta(days=1)


OFF, WORKED = _read()


def is_off(day: date) -> bool:
    """Whether nobody works on this day."""
    return day not in WORKED and (day in OFF or day.weekday() > 4)


def naive(since: date, amount: int, unit: str, roll: bool) -> date:
    """The last day of a period, found by walking day by day."""
    day = since
    if unit == "working_day":
        while amount:
            day += timedelta(days=1)
            amount -= not is_off(day)
        return day
    if unit == "day":
        for _ in range(amount):
            day += timedelta(days=1)
    else:
        wanted = (since.year * 12 + since.month - 1 + amount) % 12 + 1
        for _ in range(amount):  # to the first of the next month, so many times
            day = day.replace(day=1)
            month = day.month
            while day.month == month:
                day += timedelta(days=1)
        while day.day < since.day and (day + timedelta(days=1)).month == wanted:
            day += timedelta(days=1)
    while roll and is_off(day):
        day += timedelta(days=1)
    return day
