"""What the edge holds while the service runs."""

from dataclasses import dataclass, field
from typing import Any

from app.auth.authenticator import Authenticator
from app.auth.rate_limit import RateLimit
from app.auth.tokens import Keys
from app.db.watched import WatchedTasks
from app.kernel.store import Runtime
from app.settings import Settings


@dataclass
class Service:
    """The running service: records and connections, keys, authentication, and the settings it was started with."""

    runtime: Runtime
    keys: Keys
    authenticator: Authenticator
    settings: Settings
    sign_ins: tuple[RateLimit, RateLimit]  # of an address, of a name
    tasks: WatchedTasks = field(default_factory=WatchedTasks)
    schema: tuple[Any, ...] = ()  # what was installed in the database when the service started
    ready: bool = False
