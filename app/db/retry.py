"""Trying a whole unit of work again that Postgres has undone because of what others did at the same time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

Answer = TypeVar("Answer")
# Undone as the victim of a deadlock, or because it could not be put in an order with others: nothing of it is left.
UNDONE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
PAUSES = (0.05, 0.2, 0.5)  # seconds, at most, before another try


async def retried(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Carry out `work`, a transaction from its beginning to its end; three more times if Postgres undoes it.

    The pauses are random, so that two that stood in each other's way do not meet again.
    """
    for pause in PAUSES:
        try:
            return await work()
        except UNDONE:
            await asyncio.sleep(random.uniform(pause / 10, pause))  # noqa: S311 - no secret
    return await work()
