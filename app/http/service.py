"""What the edge holds while the service runs, and how a request finds it."""

from dataclasses import dataclass

from starlette.requests import Request

from app.accounts.door import Door
from app.accounts.tokens import Keys
from app.errors import Refusal
from app.kernel.asking import Asking, Ledger
from app.settings import Settings


@dataclass
class Service:
    """The running service: its records, its keys, and who may come in."""

    ledger: Ledger
    keys: Keys
    door: Door
    settings: Settings
    ready: bool = False


def service_of(request: Request) -> Service:
    """The service that answers this request."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


async def asking(request: Request) -> Asking:
    """Who asks. Refuses with `unauthenticated`. The one dependency of every route that needs a token."""
    service = service_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal("unauthenticated")
    caller = await service.door.caller(token.strip())
    return Asking(service.ledger, caller, request.scope["request_id"])
