"""The application: every route in order, and what the service holds while it runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from app.accounts import routes as account_routes
from app.accounts.bodies import BODIES
from app.accounts.sign_in import routes as sign_in_routes
from app.audit import routes as audit_routes
from app.auth.authenticator import Authenticator, listening
from app.auth.rate_limit import Paces
from app.auth.tokens import load_keys
from app.db.context import AUTH_ROLE
from app.db.engine import Pools
from app.db.roles import require_bound
from app.http import system_routes
from app.http.docs_page import mount_docs
from app.http.middleware import Headed, Recorded
from app.http.openapi import document, mount_document
from app.http.problems import answer_problems
from app.http.record_router import add_records
from app.http.service import Service
from app.http.shortcut import Served, Shortcut
from app.imports import routes as import_routes
from app.imports.worker import run_jobs
from app.kernel.personal.keyring import load_keyring
from app.kernel.schema.models import Schemas
from app.kernel.schema.tables import declare
from app.kernel.store import Runtime
from app.logging import events_into
from app.records import REGISTRY
from app.records.person import routes as person_routes
from app.records.person.routes import PersonFind
from app.reports import routes as report_routes
from app.settings import Settings, settings

SCHEMAS = {t.path: Schemas(t) for t in REGISTRY}
declare(REGISTRY)


def create_app(chosen: Settings | None = None) -> FastAPI:
    """The service over the database that the settings name."""
    options = chosen or settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        assert options.database_url, "the launcher sets LEDGER_DATABASE_URL, also for the embedded Postgres"
        pools = Pools(options.database_url, size=options.pool_size, prepared=options.prepared_statements)
        async with pools.role(AUTH_ROLE).acquire() as connection:
            await require_bound(connection)
        keys = await load_keys(pools)
        given = options.secret_key.get_secret_value() if options.secret_key else None
        service = Service(
            Runtime(REGISTRY, SCHEMAS, pools, load_keyring(given, options.data_dir)),
            keys,
            Authenticator(pools, keys, options.token_minutes, Paces(options.requests_per_minute)),
            options,
            (Paces(options.sign_ins_per_address), Paces(options.sign_ins_per_name)),
        )
        app.state.service = service
        async with listening(service.authenticator, options.database_url), run_jobs(service):
            service.ready = True
            yield
            service.ready = False
        await pools.close()

    app = FastAPI(
        title="巡察台账",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    answer_problems(app)
    mount_docs(app)
    mount_document(app)
    app.include_router(import_routes.router())
    app.include_router(person_routes.router)
    app.include_router(report_routes.router)
    app.include_router(sign_in_routes.router)
    app.include_router(audit_routes.router)
    app.include_router(account_routes.router)
    app.include_router(system_routes.router)
    direct = add_records(app, REGISTRY)
    app.openapi = lambda: document(app, REGISTRY, SCHEMAS, (*BODIES, PersonFind))  # type: ignore[method-assign]  # FastAPI's own way to replace it
    limits = {"/v1/imports": options.import_limit}
    app.add_middleware(Headed)
    ordinary = app.build_middleware_stack

    def stack() -> Any:
        way = Shortcut(ordinary(), app, direct)
        return Recorded(way, access_log=options.access_log, limit=options.body_limit, limits=limits)

    app.build_middleware_stack = stack  # type: ignore[method-assign]  # both stand outside FastAPI's own layers
    return app


def application() -> Any:
    """What uvicorn runs."""
    import gc
    import sys

    # While an import is checked in a thread, the event loop would else wait 5 ms for each of its turns.
    sys.setswitchinterval(0.0005)
    events_into(settings().access_log)
    served = Served(create_app())
    gc.collect()
    gc.freeze()  # what the start made is never garbage; measured 1.15 times on a GET
    gc.set_threshold(50_000, 50, 50)
    gc.enable()
    return served
