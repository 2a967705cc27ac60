"""Addresses of databases, taken apart in one place: `postgresql://user:password@host:port,host:port/database?…`.

Several hosts are the servers of one database, of which one is the primary and the others follow it. The service then
asks each of them which it is (app/db/primary.py), so that an address of several hosts says that it wants the primary.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

SCHEMES = ("postgresql", "postgres")
WANTED = "target_session_attrs"
PRIMARY, STANDBY = ("primary", "read-write"), ("standby", "prefer-standby", "read-only", "any")
PORT = 5432
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:,/@]*)(?::([0-9]{1,5}))?")


class BadAddress(ValueError):
    """An address that the service does not use: one Chinese sentence, then an English one. `setting` names it."""

    def __init__(self, setting: str, chinese: str, english: str) -> None:
        super().__init__(f"{setting} {chinese} / {setting} {english}")
        self.chinese, self.english = f"{setting} {chinese}", f"{setting} {english}"


@dataclass(frozen=True)
class Address:
    """An address taken apart. The repr omits what may hold a password."""

    url: str = field(repr=False)
    user: str
    password: str = field(repr=False)
    hosts: tuple[str, ...]  # each with its port
    database: str
    query: Mapping[str, str]

    @property
    def several(self) -> bool:
        """Whether it names more than one server."""
        return len(self.hosts) > 1

    @property
    def place(self) -> str:
        """Where it leads, without the login, for a sentence."""
        return f"{','.join(self.hosts)}/{self.database}"

    def to(self, host: str) -> str:
        """The address of one of its servers."""
        query = {name: value for name, value in self.query.items() if name != WANTED}
        return self._with(f"{self._login(self.user, self.password)}{host}", urlencode(query))

    def as_login(self, user: str, password: str) -> str:
        """The address with another login."""
        parts = urlsplit(self.url)
        return self._with(f"{self._login(user, password)}{parts.netloc.rpartition('@')[2]}", parts.query)

    def _with(self, netloc: str, query: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(netloc=netloc, query=query))

    @staticmethod
    def _login(user: str, password: str) -> str:
        secret = f":{quote(password, safe='')}" if password else ""
        return f"{quote(user, safe='')}{secret}@" if user else ""


def taken_apart(url: str, setting: str = "LEDGER_DATABASE_URL") -> Address:
    """Take an address apart. Raises BadAddress, which names the setting, if it is no address at all."""
    try:
        parts = urlsplit(url)
    except ValueError:  # half a bracket
        raise _malformed(setting) from None
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    if parts.scheme not in SCHEMES:
        raise _malformed(setting)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    named = tuple(_host(host, setting, "," in hosts) for host in hosts.split(","))
    if "," in query.get("host", "") + query.get("port", ""):
        raise BadAddress(
            setting, "的几台主机要写在 @ 与库名之间：主机1:端口,主机2:端口/库名。",
            "must name its hosts between @ and the database: host1:port,host2:port/database.",
        )  # fmt: skip
    return Address(url, unquote(user), unquote(password), named, unquote(parts.path.removeprefix("/")), query)


def _host(text: str, setting: str, several: bool) -> str:
    """A host with its port. Of one alone the name may be missing: it stands in the query, or is a socket's."""
    found = _HOST.fullmatch(text)
    port = int(found[2]) if found and found[2] else PORT
    if not found or not 0 < port < 65536 or (several and not found[1]):
        raise _malformed(setting)
    return f"{found[1] or 'localhost'}:{port}"


def _malformed(setting: str) -> BadAddress:
    return BadAddress(
        setting, "要写成 postgresql://用户:密码@主机:端口/数据库；几台主机之间用逗号。",
        "must read postgresql://user:password@host:port/database, with commas between several hosts.",
    )  # fmt: skip


def require_primary(url: str, setting: str) -> Address:
    """Take the address of a login that writes apart. Raises BadAddress if it may lead to a server that only reads."""
    found = taken_apart(url, setting)
    wanted = found.query.get(WANTED)
    if wanted not in (*PRIMARY, None) or (found.several and wanted is None):
        raise BadAddress(
            setting, f"要写明只用主库：在末尾写 ?{WANTED}=primary（或 read-write）。",
            f"must ask for the primary: end it with ?{WANTED}=primary (or read-write).",
        )  # fmt: skip
    return found


def require_replica(url: str, setting: str, requests: str) -> Address:
    """Take the address of the replica apart. Raises BadAddress for another login than that of requests, or a primary.

    Row security binds the login of requests, which is looked at on the primary, and so it binds it on the replica.
    """
    found = taken_apart(url, setting)
    if found.user != taken_apart(requests).user or found.query.get(WANTED) in PRIMARY:
        raise BadAddress(
            setting, f"要用与 LEDGER_DATABASE_URL 相同的登录，且不得要求主库（几台备机的，写 ?{WANTED}=standby）。",
            f"must name the login of LEDGER_DATABASE_URL, and ask for no primary (of several: {WANTED}=standby).",
        )  # fmt: skip
    return found


def require_one_cluster(addresses: Mapping[str, str]) -> None:
    """Refuse logins of which one names several servers and another does not name the same. Raises BadAddress.

    addresses   by the settings that hold them
    """
    found = {setting: require_primary(url, setting) for setting, url in addresses.items()}
    first = next(iter(found.values()))
    for setting, address in found.items():
        if (address.several or first.several) and set(address.hosts) != set(first.hosts):
            raise BadAddress(
                setting, f"要写与 {next(iter(found))} 相同的几台主机：主库换了一台，各登录要一同换过去。",
                f"must name the same hosts as {next(iter(found))}: all logins move together to another primary.",
            )  # fmt: skip
