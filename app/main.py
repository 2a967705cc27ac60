"""The application: every route in order, and what the service holds while it runs."""

import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any

from fastapi import FastAPI

from app.accounts import routes as account_routes
from app.accounts.actions import routes as action_routes
from app.accounts.bodies import BODIES
from app.accounts.confirming import routes as confirming_routes
from app.accounts.own import routes as own_routes
from app.accounts.sign_in import routes as sign_in_routes
from app.attachments import routes as attachment_routes
from app.audit import routes as audit_routes
from app.auth.authenticator import Authenticator, listen
from app.auth.rate_limit import RateLimit
from app.auth.tokens import load_keys, load_ring
from app.db.context import AUTH_ROLE, FIGURES_ROLE
from app.db.logins import Logins, configured_logins
from app.db.pool import Pools
from app.db.replica import Replica
from app.db.roles import JOBS, require_bound
from app.deadlines import bodies as deadline_bodies
from app.deadlines import routes as deadline_routes
from app.deadlines import worker as clocks
from app.deadlines.administration import routes as calendar_routes
from app.exports import routes as export_routes
from app.exports.templates import routes as template_routes
from app.http import system_routes
from app.http.docs_page import mount_docs
from app.http.openapi import document, mount_document
from app.http.problems import answer_problems
from app.http.readiness import installed
from app.http.routing import DirectRoutes, HeadMiddleware, add_records
from app.http.server import Application, RequestLog, Shortcut
from app.http.service import Service
from app.imports import routes as import_routes
from app.imports.committing import routes as committing_routes
from app.imports.missing import routes as missing_routes
from app.imports.models import CommitOrder
from app.imports.remembered import routes as remembered_routes
from app.imports.returned import routes as returned_routes
from app.imports.rows import routes as row_routes
from app.imports.runners import run_jobs
from app.imports.undo import routes as undo_routes
from app.kernel.schema.models import Schemas
from app.kernel.schema.tables import declare
from app.kernel.store import Runtime
from app.logging import events_into
from app.policies import routes as policy_routes
from app.records import REGISTRY
from app.records.person import routes as person_routes
from app.records.person.routes import PersonFind
from app.reports import routes as report_routes
from app.reports.steps import check_nightly
from app.settings import Settings, settings

SCHEMAS = {t.path: Schemas(t) for t in REGISTRY}
declare(REGISTRY)
# In the order of the document; the routes of the record types come after them.
ROUTERS = (
    import_routes.router(), row_routes.router(), committing_routes.router(), undo_routes.router(),
    returned_routes.router(), missing_routes.router(), remembered_routes.router(), template_routes.router(),
    export_routes.router(REGISTRY), attachment_routes.router,
    person_routes.router, report_routes.router, deadline_routes.router, calendar_routes.router,
    sign_in_routes.router, own_routes.router, audit_routes.router,
    account_routes.router, action_routes.router, confirming_routes.router, policy_routes.router, system_routes.router,
)  # fmt: skip


def create_app(chosen: Settings | None = None) -> FastAPI:
    """The service over the database that the settings name. Without a running lifespan it makes the document only."""
    options = chosen or settings()
    app = FastAPI(
        title="巡察台账", version="1", lifespan=_lifespan(options), docs_url=None, redoc_url=None, openapi_url=None
    )
    answer_problems(app)
    mount_docs(app)
    mount_document(app)
    for router in ROUTERS:
        app.include_router(router)
    direct = add_records(app, REGISTRY, SCHEMAS)
    bodies = (*BODIES, *deadline_bodies.BODIES, PersonFind, CommitOrder, policy_routes.PolicyCreate)
    app.openapi = lambda: document(app, REGISTRY, bodies)  # type: ignore[method-assign]  # FastAPI's own way to replace it
    app.add_middleware(HeadMiddleware)
    _add_outer_layers(app, direct, options)
    return app


def _add_outer_layers(app: FastAPI, direct: DirectRoutes, options: Settings) -> None:
    """Put RequestLog and Shortcut around FastAPI's own layers. `add_middleware` would put them inside."""
    build_own_layers = app.build_middleware_stack

    def build_layers() -> Any:
        shortcut = Shortcut(build_own_layers(), app.exception_handlers, direct)
        limits = {
            "/v1/imports": options.import_limit,
            "/v1/attachments/*/content": options.attachment_limit,
        }
        return RequestLog(shortcut, access_log=options.access_log, limit=options.body_limit, limits=limits)

    app.build_middleware_stack = build_layers  # type: ignore[method-assign]  # FastAPI calls it when it starts


def _lifespan(options: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What runs beside the requests: connections, the listener for changes of principals, the worker of imports."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pools = Pools(_logins(options), size=options.pool_size)
        for kind, role in (("requests", FIGURES_ROLE), ("auth", AUTH_ROLE), ("jobs", JOBS)):
            async with pools[role].acquire() as connection:
                await require_bound(connection, kind)
        service = app.state.service = await _service(pools, options)
        service.schema = await installed(service)
        hear = partial(listen, service.authenticator)
        keeping, check = service.tasks.keeping, partial(check_nightly, pools)
        async with (
            _watching(service), keeping("principals", hear), run_jobs(service), keeping("check", check),
            keeping("clocks", partial(clocks.run, service)),
        ):  # fmt: skip
            service.ready = True
            yield
            service.ready = False
        if service.runtime.replica:
            await service.runtime.replica.close()
        await pools.close()

    return lifespan


def _watching(service: Service) -> AbstractAsyncContextManager[None]:
    """Where addresses name several servers, watch which of them is the primary."""
    primary = service.runtime.pools.opening.primary
    return service.tasks.keeping("primary", primary.watch) if primary.address.several else nullcontext()


def _logins(options: Settings) -> Logins:
    """The logins of a serving process. The launcher sets their addresses, also for the embedded Postgres."""
    assert options.database_url, "the launcher sets LEDGER_DATABASE_URL"
    return configured_logins(options, options.data_dir)


async def _service(pools: Pools, options: Settings) -> Service:
    secret_key = options.secret_key.get_secret_value() if options.secret_key else None
    ring = await load_ring(pools, secret_key, options.data_dir)
    keys = await load_keys(pools, ring)
    return Service(
        Runtime(REGISTRY, SCHEMAS, pools, ring, _replica(options)),
        keys,
        Authenticator(pools, keys, options.token_minutes, RateLimit(options.requests_per_minute), options.idle_minutes),
        options,
        (RateLimit(options.sign_ins_per_address), RateLimit(options.sign_ins_per_name)),
    )


def _replica(options: Settings) -> Replica | None:
    """The replica that the settings name. It need not be there when the service starts, nor later."""
    if options.replica_database_url is None:
        return None
    return Replica(options.replica_database_url, options.pool_size, options.replica_lag_seconds)


def application() -> Any:
    """What uvicorn runs. `app/cli/worker.py` has switched the garbage collector off before it imports this file."""
    # Otherwise the event loop would wait up to 5 ms for the interpreter each time, while a thread checks an import.
    sys.setswitchinterval(0.0005)
    events_into(settings().access_log)
    made = Application(create_app())
    gc.collect()
    gc.freeze()  # what the start made is never garbage; measured 1.15 times on a GET
    gc.set_threshold(50_000, 50, 50)
    gc.enable()
    return made
