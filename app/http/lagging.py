"""Which reads may be answered by a replica that lags: what stands here, and nothing else.

Statistics, and the work lists of divisions that are not the caller's own. Whoever is bound to one division writes in it
and must see what was just written, so that such a caller always reads from the primary. An export asks by the type of
its records. Never: persons, clues, transfers, filings and referrals; any read that is logged; accounts, and what a
caller may see.
"""

from dataclasses import replace

from starlette.requests import Request

from app.kernel.declare.record_type import RecordType
from app.kernel.store import RequestContext

ROUTES = frozenset({"/v1/rounds/{id}/work-list", "/v1/work-lists"})


def lagging_route(request: Request, ctx: RequestContext) -> RequestContext:
    """The context in which this request reads; a lagging one if its route may lag and it asks about others."""
    return replace(ctx, lags=request.scope["route"].path in ROUTES and ctx.caller.code is None)


def may_lag(t: RecordType) -> bool:
    """Whether an export may read records of a type so: no read of them is logged, and they name no person."""
    return not (t.access.logged or t.names_persons)


def lagging_export(t: RecordType, ctx: RequestContext) -> RequestContext:
    """The context in which an export reads records of a type; a lagging one if these may lag."""
    return replace(ctx, lags=may_lag(t))
