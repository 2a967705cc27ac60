"""The database roles: they belong to the server, not to a schema, so they are made beside the migrations.

ledger_owner    owns every table; nobody logs in as it; row-level security is forced on it, too
ledger_keeper   owns the functions that write revisions, hold references and look callers up
ledger_app      what the service logs in as: owns nothing, inherits nothing, may only become one of
ledger_<role>   one for each role of a principal; its own policies say which records exist for it
ledger_system   applies the effects of a caller's write on records that the caller may not see
ledger_importing   writes what a ledger_loader imports
ledger_figures, ledger_auth, ledger_jobs   count figures, sign in, and run the jobs of the queue
ledger_sealing  encrypts sealed values anew when a key is rotated, and reads nothing else
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from app.roles import ROLES

OWNER, KEEPER, JOBS, SEALING = "ledger_owner", "ledger_keeper", "ledger_jobs", "ledger_sealing"
ACTING = (
    "ledger_system", "ledger_importing", "ledger_figures", "ledger_auth", JOBS, SEALING,
    *(f"ledger_{role}" for role in ROLES),
)  # fmt: skip


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def ensure_roles(connection: Any, application_url: str | None) -> None:
    """Make the roles that are missing and the memberships between them. Needs CREATEROLE (or a superuser)."""
    existing = {r["rolname"] for r in await connection.fetch("select rolname from pg_roles")}
    me = await connection.fetchval("select current_user")
    for role in (OWNER, KEEPER, *ACTING):
        if role not in existing:
            await connection.execute(f"create role {role} nologin noinherit")
    application, password = _application(application_url)
    if application and application not in existing:
        secret = f"password {_literal(password)}" if password else ""
        await connection.execute(f"create role {_quoted(application)} login noinherit {secret}")
    await connection.execute(f"grant {OWNER} to {_quoted(me)}")
    await connection.execute(f"grant {KEEPER} to {OWNER}")
    if application:
        await connection.execute(f"grant {', '.join(ACTING)} to {_quoted(application)}")
    await connection.execute(f"grant usage, create on schema public to {OWNER}, {KEEPER}")
    await connection.execute(f"grant usage on schema public to {', '.join(ACTING)}")


class Unbound(Exception):
    """The account the service logs in as could read past row security."""


async def require_bound(connection: Any) -> None:
    """Refuse an account that row security does not bind: a superuser, one that bypasses it, an owner of tables.

    Also one that could become such: a member of the owner's or the keeper's role. Raises Unbound.
    """
    free = await connection.fetchval(
        """select exists (select from pg_roles r
             where pg_has_role(session_user, r.oid, 'member')
               and (r.rolsuper or r.rolbypassrls or r.rolname = any($1::text[])
                    or exists (select from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p')
                               and c.relnamespace = 'public'::regnamespace)))""",
        [OWNER, KEEPER],
    )
    if free:
        raise Unbound(
            "LEDGER_DATABASE_URL 的账户能绕过行级安全（超级用户、BYPASSRLS 或数据表的所有者），服务不启动："
            "请改用只授予台账角色的账户。/ The account of LEDGER_DATABASE_URL could read past row security (superuser, "
            "BYPASSRLS, or owner of tables): the service does not start. Use one that holds the ledger's roles only."
        )


def _application(url: str | None) -> tuple[str | None, str | None]:
    parts = urlsplit(url or "")
    return (unquote(parts.username), unquote(parts.password or "")) if parts.username else (None, None)
