"""The logins of the service: their addresses, and where the passwords that nobody gave are kept.

Each login may become the database roles that `roles.BECOMES` names, and no other. Whoever takes over the login of
requests reads no password hash and no key, because these belong to the login that signs in.
"""

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.db.address import taken_apart

if TYPE_CHECKING:  # the embedded database starts without packages, to say which is missing
    from app.settings import Settings

PASSWORDS = "database-passwords.json"  # a name, no password
FURTHER = ("auth", "jobs", "sealing")  # the logins of ledger_auth, ledger_jobs and ledger_sealing


class NoLogin(Exception):
    """The address of a login is neither given nor to be made here: one Chinese sentence, then an English one."""


@dataclass(frozen=True)
class Logins:
    """Where the database is, for each login of the service. The addresses hold passwords, so the repr omits them."""

    requests: str = field(repr=False)
    auth: str = field(repr=False)
    jobs: str = field(repr=False)
    sealing: str | None = field(default=None, repr=False)  # a serving process does not know it

    def of(self, role: str) -> str:
        """The address of the login that may become this database role. Raises NoLogin."""
        kind = role.removeprefix("ledger_")
        if kind == "sealing" and self.sealing is None:
            raise NoLogin(
                "没有设置 LEDGER_SEALING_DATABASE_URL，数据目录里也没有它的密码：请在执行 migrate 的机器上更换密钥。 / "
                "LEDGER_SEALING_DATABASE_URL is not set, and its password is not in the data directory: "
                "rotate the key where migrate was run."
            )
        url: str = getattr(self, kind) if kind in FURTHER else self.requests
        return url

    def addresses(self) -> dict[str, str]:
        """The addresses by the roles of `roles.BECOMES`, those that are known."""
        found = {"requests": self.requests, "auth": self.auth, "jobs": self.jobs, "sealing": self.sealing}
        return {kind: url for kind, url in found.items() if url}


def login_name(application: str, kind: str) -> str:
    """The name of a further login: `ledger_app_auth` beside `ledger_app`."""
    return f"{application}_{kind}"


def configured_logins(options: "Settings", directory: Path, *, make: bool = False) -> Logins:
    """The logins of the settings. One that is not given has the application's address, with a name of its own.

    Its password stands in a file of the data directory. `make` adds what is missing there. Raises NoLogin.
    """
    application_url = options.database_url or ""
    given = {
        "auth": options.auth_database_url, "jobs": options.jobs_database_url, "sealing": options.sealing_database_url
    }  # fmt: skip
    application = _user(application_url)
    wanted = {kind: login_name(application, kind) for kind in FURTHER if not given.get(kind)}
    file = directory / PASSWORDS
    kept = kept_passwords(file, wanted.values()) if make and wanted else read_passwords(file)
    found = {kind: kept and _with(application_url, name, kept.get(name)) for kind, name in wanted.items()}
    urls = {**found, **{kind: url for kind, url in given.items() if url}}
    for kind in ("auth", "jobs"):
        if not urls[kind]:
            raise NoLogin(
                f"没有设置 LEDGER_{kind.upper()}_DATABASE_URL，{file} 里也没有它的密码："
                f"请设置，或在这里执行 python -m app migrate。 / LEDGER_{kind.upper()}_DATABASE_URL is not set, "
                f"and its password is not in {file}: set it, or run python -m app migrate here."
            )
    return Logins(application_url, **{kind: url or None for kind, url in urls.items()})  # type: ignore[arg-type]


def _with(url: str, name: str, password: str | None) -> str | None:
    """The address with another login."""
    if password is None:
        return None
    return taken_apart(url).as_login(name, password)


def _user(url: str | None) -> str:
    return taken_apart(url).user if url else ""


def read_passwords(file: Path) -> dict[str, str]:
    """The passwords of a file, by login; none if there is no file. Raises NoLogin if it cannot be understood."""
    try:
        found: dict[str, str] = json.loads(file.read_text())
        if not all(isinstance(text, str) for text in found.values()):
            raise ValueError
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        raise NoLogin(
            f"{file} 已损坏，里面是数据库各登录的密码：请由备份放回。没有另造新的。/ "
            f"{file} is damaged; it holds the passwords of the database's logins: put it back from the backup. "
            "No new ones were made."
        ) from None
    return found


def unknown_passwords(options: "Settings", directory: Path) -> list[str]:
    """The further logins whose password is neither given nor in the data directory."""
    given = {
        "auth": options.auth_database_url, "jobs": options.jobs_database_url, "sealing": options.sealing_database_url
    }  # fmt: skip
    application = _user(options.database_url)
    kept = read_passwords(directory / PASSWORDS)
    return [name for kind in FURTHER if not given[kind] and (name := login_name(application, kind)) not in kept]


def kept_passwords(file: Path, names: Iterable[str]) -> dict[str, str]:
    """The passwords of these logins. Missing ones are generated, and are on disk (0600) before anybody uses them."""
    kept = read_passwords(file)
    missing = {name: secrets.token_urlsafe(32) for name in names if name not in kept}
    if not missing:
        return kept
    new = file.with_name(f"{file.name}.new-{os.getpid()}")
    with open(new, "w", opener=private) as out:
        json.dump({**kept, **missing}, out)
        out.flush()
        os.fsync(out.fileno())
    new.rename(file)
    return {**kept, **missing}


def private(path: str, flags: int) -> int:
    """Opens a file for the owner alone."""
    return os.open(path, flags, 0o600)
