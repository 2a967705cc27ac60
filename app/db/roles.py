"""The database roles: they belong to the server, not to a schema, so they are made beside the migrations.

ledger_owner    owns every table; nobody logs in as it; row-level security is forced on it, too
ledger_keeper   owns the functions that write revisions, hold references and look callers up
ledger_<role>   one for each role of a principal; its own policies say which records exist for it
ledger_system   applies the effects of a caller's write on records that the caller may not see
ledger_importing   writes what a ledger_loader imports
ledger_figures, ledger_auth, ledger_jobs   count figures, sign in, and run the jobs of the queue
ledger_sealing  encrypts sealed values anew when a key is rotated, and reads nothing else

The service has four logins. They own nothing, inherit nothing, and may only become the roles of `BECOMES`.
"""

from collections.abc import Mapping
from typing import Any

from app.db.address import taken_apart
from app.db.context import AUTH_ROLE, FIGURES_ROLE, IMPORTING, SYSTEM_ROLE
from app.roles import ROLES

OWNER, KEEPER, JOBS, SEALING = "ledger_owner", "ledger_keeper", "ledger_jobs", "ledger_sealing"
CALLING = (IMPORTING, FIGURES_ROLE, *(f"ledger_{role}" for role in ROLES))  # who acts for a caller that is named
ACTING = (SYSTEM_ROLE, AUTH_ROLE, JOBS, SEALING, *CALLING)
# What each login may become. The system role, taken by itself, sees nothing (become_system.sql).
BECOMES = {"requests": (SYSTEM_ROLE, *CALLING), "auth": (AUTH_ROLE,), "jobs": (JOBS,), "sealing": (SEALING,)}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def ensure_roles(connection: Any, addresses: Mapping[str, str]) -> None:
    """Make the roles and logins that are missing, and the memberships. Needs CREATEROLE (or a superuser).

    addresses   of the logins, by what they may become
    """
    existing = {r["rolname"] for r in await connection.fetch("select rolname from pg_roles")}
    me = await connection.fetchval("select current_user")
    for role in (OWNER, KEEPER, *ACTING):
        if role not in existing:
            await connection.execute(f"create role {role} nologin noinherit")
    await connection.execute(f"grant {OWNER} to {_quoted(me)}")
    await connection.execute(f"grant {KEEPER} to {OWNER}")
    for kind, url in addresses.items():
        login = taken_apart(url)
        name, password = login.user, login.password
        if name and name not in existing:
            secret = f"password {_literal(password)}" if password else ""
            await connection.execute(f"create role {_quoted(name)} login noinherit {secret}")
        if name:
            await _bind(connection, name, BECOMES[kind])
    await connection.execute(f"grant usage, create on schema public to {OWNER}, {KEEPER}")
    await connection.execute(f"grant usage on schema public to {', '.join(ACTING)}")
    await _leave_nothing_to_everybody(connection)


async def _bind(connection: Any, login: str, roles: tuple[str, ...]) -> None:
    """Let a login become these roles, and no longer any other of the service's."""
    await connection.execute(f"grant {', '.join(roles)} to {_quoted(login)}")
    held = await connection.fetch(
        "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid"
        " join pg_roles l on l.oid = m.member where l.rolname = $1 and r.rolname = any($2::text[])",
        login, [role for role in ACTING if role not in roles],
    )  # fmt: skip
    for role in held:
        await connection.execute(f"revoke {role['rolname']} from {_quoted(login)}")


async def _leave_nothing_to_everybody(connection: Any) -> None:
    """Take from PUBLIC what Postgres gives it: temporary tables, new objects, the execution of functions.

    On a temporary table anybody could put a trigger of the keeper's functions, and so write a revision of a record that
    never was. The owner of the tables needs temporary ones to compare constraints (app/migrate/checks.py).
    """
    name = _quoted(await connection.fetchval("select current_database()"))
    await connection.execute(f"revoke temporary on database {name} from public")
    await connection.execute(f"grant temporary on database {name} to {OWNER}")
    await connection.execute("revoke create on schema public from public")
    async with connection.transaction():
        for role in (OWNER, KEEPER):
            await connection.execute(f"set local role {role}")
            await connection.execute("alter default privileges revoke execute on functions from public")


SETTINGS = {
    "requests": "LEDGER_DATABASE_URL", "auth": "LEDGER_AUTH_DATABASE_URL", "jobs": "LEDGER_JOBS_DATABASE_URL",
    "sealing": "LEDGER_SEALING_DATABASE_URL",
}  # fmt: skip


class Unbound(Exception):
    """An account the service logs in as could read past row security, or become what it should not."""


async def require_bound(connection: Any, kind: str) -> None:
    """Refuse an account that row security does not bind: a superuser, one that bypasses it, an owner of tables.

    Also one that could become such: a member of the owner's or the keeper's role; and a login of this kind that may
    become a role of another login's. Raises Unbound.
    """
    free = await connection.fetchval(
        """select exists (select from pg_roles r
             where pg_has_role(session_user, r.oid, 'member')
               and (r.rolsuper or r.rolbypassrls or r.rolname = any($1::text[])
                    or exists (select from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p')
                               and c.relnamespace = 'public'::regnamespace)))""",
        [OWNER, KEEPER, *(role for role in ACTING if role not in BECOMES[kind])],
    )
    if free:
        raise Unbound(
            f"{SETTINGS[kind]} 的账户能绕过行级安全（超级用户、BYPASSRLS 或数据表的所有者），或持有别的登录的角色，"
            "服务不启动：请改用只授予其自身角色的账户，再执行 python -m app migrate。/ "
            f"The account of {SETTINGS[kind]} could read past row security (superuser, BYPASSRLS, or owner of tables), "
            "or holds roles of another login: the service does not start. Use one that holds its own roles only, "
            "then run python -m app migrate."
        )
