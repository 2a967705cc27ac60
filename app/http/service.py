"""What the edge holds while the service runs, and how a request finds it."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from app.auth.authenticator import Authenticator
from app.auth.rate_limit import Paces
from app.auth.tokens import Keys
from app.errors import Refusal
from app.kernel.store import RequestContext, Runtime
from app.settings import Settings


@dataclass
class Service:
    """The running service: its records, its keys, and who may come in."""

    runtime: Runtime
    keys: Keys
    authenticator: Authenticator
    settings: Settings
    sign_ins: tuple[Paces, Paces]  # by address, by name
    ready: bool = False


def service_of(request: Request) -> Service:
    """The service that answers this request."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


async def request_context(request: Request) -> RequestContext:
    """Who asks. Refuses with `unauthenticated`. The one dependency of every route that needs a token."""
    service = service_of(request)
    caller = await service.authenticator.caller(_bearer(request.scope))
    return RequestContext(service.runtime, caller, request.scope["request_id"])


def _bearer(scope: Any) -> str:
    """The token or API key of a request: in one Authorization header, and never in the address, which gets logged."""
    found = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if found is not None:
                raise Refusal("unauthenticated")
            found = value
    if found is None or found[:7].lower() != b"bearer " or b"access_token=" in scope["query_string"]:
        raise Refusal("unauthenticated")
    token: str = found[7:].decode("latin-1").strip()
    return token
