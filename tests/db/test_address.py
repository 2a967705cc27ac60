"""Addresses of one and of several hosts: what they lead to, and what they may not hold, as a command says it."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.db.address import BadAddress, require_one_cluster, require_primary, require_replica, taken_apart
from app.db.embedded import EmbeddedPostgres
from app.db.roles import SETTINGS
from tests.cli.running import free_port
from tests.support.databases import environment

THREE = "postgresql://ledger_app:s%20t@one:5433,two,[::1]:5434/led%20ger?target_session_attrs=primary&sslmode=require"


def test_an_address_of_several_hosts_is_taken_apart_and_leads_to_each() -> None:
    found = require_primary(THREE, "LEDGER_DATABASE_URL")
    assert (found.user, found.password, found.database) == ("ledger_app", "s t", "led ger")
    assert found.hosts == ("one:5433", "two:5432", "[::1]:5434")
    assert found.to("two:5432") == "postgresql://ledger_app:s%20t@two:5432/led%20ger?sslmode=require"
    other = found.as_login("ledger_app_auth", "a/b")
    assert other == THREE.replace("ledger_app:s%20t", "ledger_app_auth:a%2Fb")
    assert "s t" not in repr(found) and "s%20t" not in repr(found)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mysql://one/ledger", "postgresql://"),
        ("postgresql://a:b@one:five/ledger", "postgresql://"),
        ("postgresql://a:b@one:70000/ledger", "postgresql://"),
        ("postgresql://a:b@[::1/ledger", "postgresql://"),
        ("postgresql://a:b@one,,two/ledger?target_session_attrs=primary", "postgresql://"),
        ("postgresql://a:b@one,two/ledger", "target_session_attrs=primary"),
        ("postgresql://a:b@one,two/ledger?target_session_attrs=any", "target_session_attrs=primary"),
        ("postgresql://a:b@one/ledger?target_session_attrs=standby", "target_session_attrs=primary"),
        ("postgresql://a:b@/ledger?host=one,two&target_session_attrs=primary", "between @ and the database"),
    ],
)
def test_what_an_address_may_not_hold_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, what: str
) -> None:
    monkeypatch.setenv("LEDGER_PORT", str(free_port()))
    monkeypatch.setenv("LEDGER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", url)
    ended = CliRunner().invoke(cli, ["serve"])
    assert (ended.exit_code, what in ended.stderr) == (2, True), ended.output
    assert "LEDGER_DATABASE_URL" in ended.stderr and "a:b" not in ended.output


def test_all_logins_name_the_same_hosts_where_one_names_several() -> None:
    one = "postgresql://a:b@one/ledger"
    several = "postgresql://a:b@one,two/ledger?target_session_attrs=primary"
    turned = "postgresql://c:d@two,one/ledger?target_session_attrs=read-write"
    require_one_cluster({"LEDGER_DATABASE_URL": several, "LEDGER_AUTH_DATABASE_URL": turned})
    require_one_cluster({"LEDGER_DATABASE_URL": one, "LEDGER_AUTH_DATABASE_URL": "postgresql://c:d@localhost/ledger"})
    for first, second in ((several, one), (one, several)):
        with pytest.raises(BadAddress, match="LEDGER_AUTH_DATABASE_URL must name the same hosts"):
            require_one_cluster({"LEDGER_DATABASE_URL": first, "LEDGER_AUTH_DATABASE_URL": second})


def test_the_replica_is_entered_by_the_login_of_requests() -> None:
    requests = "postgresql://a:b@one/ledger"
    require_replica("postgresql://a:b@two,three/ledger?target_session_attrs=standby", "REPLICA", requests)
    for wrong in ("postgresql://c:d@two/ledger", "postgresql://a:b@two/ledger?target_session_attrs=primary"):
        with pytest.raises(BadAddress, match="REPLICA must name the login of LEDGER_DATABASE_URL"):
            require_replica(wrong, "REPLICA", requests)
    assert taken_apart(requests).place == "one:5432/ledger"


def test_commands_work_by_addresses_of_several_hosts_of_which_one_is_away(
    database: EmbeddedPostgres, tmp_path: Path
) -> None:
    def several(url: str) -> str:
        place = urlsplit(url).netloc.rpartition("@")[2]
        return url.replace(place, f"127.0.0.1:{free_port()},{place}") + "?target_session_attrs=primary"

    away = environment(database.application_url)
    hosts = {name: several(url).replace("127.0.0.1:", "localhost:", 1) for name, url in away.items() if "://" in url}
    port = hosts["LEDGER_DATABASE_URL"].partition("localhost:")[2].partition(",")[0]
    same = {name: url.replace(url.partition("localhost:")[2].partition(",")[0], port) for name, url in hosts.items()}
    owner = same["LEDGER_DATABASE_URL"].replace(away["LEDGER_DATABASE_URL"].partition("@")[0], "X", 1)
    owner = database.superuser_url.partition("@")[0] + owner.removeprefix("X")
    assert set(SETTINGS.values()) <= set(same)
    settings = {**same, "LEDGER_DATA_DIR": str(tmp_path), "LEDGER_OWNER_DATABASE_URL": owner}
    for command in (("migrate",), ("account", "list"), ("check",)):
        told = CliRunner().invoke(cli, command, env=settings)
        assert told.exit_code == 0, told.output
