"""The caller of an account's route: what it reaches, and as whom a change is entered."""

from typing import Any

from pydantic import BaseModel

from app.accounts.second_person import Maker
from app.http.service import Service
from app.kernel.store import RequestContext


def reach(ctx: RequestContext) -> str:
    """The prefix of the divisions whose principals this caller manages."""
    return ctx.caller.code or ctx.caller.prefix


def maker(service: Service, ctx: RequestContext) -> Maker:
    """The caller as the maker of a change."""
    return Maker(ctx.caller.account, service.settings.account_confirmation, ctx.request)


def body_of(model: type[BaseModel], media: str, **examples: Any) -> dict[str, Any]:
    """What the document says of a body that the route reads itself."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    if examples:
        content["examples"] = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {"requestBody": {"required": True, "content": {media: content}}}
