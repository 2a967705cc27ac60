"""The caller of an account's route: what it reaches, and as whom a change is entered."""

from app.accounts.second_person import Maker
from app.http.service import Service
from app.kernel.store import RequestContext


def reach(ctx: RequestContext) -> str:
    """The prefix of the divisions whose principals this caller manages."""
    return ctx.caller.code or ctx.caller.prefix


def maker(service: Service, ctx: RequestContext) -> Maker:
    """The caller as the maker of a change."""
    return Maker(ctx.caller.account, service.settings.account_confirmation, ctx.request)
