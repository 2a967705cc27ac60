"""What is installed from: compose.yaml, the unit, the proxy's settings, against the Dockerfile and the settings."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli.database import CONNECTIONS_BESIDE, POOLS
from app.cli.launcher import NOT_FOR_SERVING
from app.db.address import require_one_cluster, require_replica, taken_apart
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE, UNIT = (ROOT / "Dockerfile").read_text(), (ROOT / "deploy/inspection-ledger.service").read_text()
NGINX, OPERATING = (ROOT / "deploy/nginx.conf").read_text(), (ROOT / "docs/operating.md").read_text()
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
OURS = {name: s for name, s in SERVICES.items() if s["image"].startswith("inspection-ledger:")}
SERVING = {name: s for name, s in OURS.items() if name.startswith("ledger-")}
KNOWN = {f"LEDGER_{name.upper()}" for name in Settings.model_fields}


def of_dockerfile(instruction: str) -> str:
    """The operand of an instruction that stands once."""
    (found,) = re.findall(rf"^{instruction} (\S+)$", DOCKERFILE, re.MULTILINE)
    return str(found)


def test_every_image_is_pinned_by_a_tag() -> None:
    tags = {name: s["image"].partition(":")[2] for name, s in SERVICES.items()}
    assert all(re.match(r"\d", tag) for tag in tags.values()), tags
    assert {tags[name] for name in OURS} == {VERSION}
    assert SERVICES["backup"]["image"] == SERVICES["postgres"]["image"], "pg_dump is of the server's version"


def test_the_settings_that_are_named_exist() -> None:
    for name, service in OURS.items():
        assert {*service.get("environment", {})} <= KNOWN, name
    unit = re.findall(r"LEDGER_[A-Z_]+(?==)", UNIT)
    assert unit and {*unit} <= KNOWN
    shown = {*re.findall(r"LEDGER_[A-Z_]+", OPERATING)} - {*re.findall(r"\$\{(\w+)", COMPOSE_TEXT)}
    assert shown <= KNOWN, shown - KNOWN


def test_what_is_left_to_dot_env_is_told() -> None:
    for name in {*re.findall(r"\$\{(\w+)", COMPOSE_TEXT)}:
        assert re.search(rf"\b{name}\b", OPERATING), name


def test_two_services_share_what_they_must_and_are_told_no_owner() -> None:
    assert len(SERVING) == 2
    for service in SERVING.values():
        assert service["volumes"] == [f"ledger-data:{of_dockerfile('VOLUME')}"], "an upload is checked by either"
        assert not {*service["environment"]} & {*NOT_FOR_SERVING}
        assert "LEDGER_WORKERS" not in service["environment"], "processes of one service keep metrics in the directory"
        assert "ports" not in service, "nobody but the proxy reaches it"
    assert all(s["user"] == of_dockerfile("USER") for s in OURS.values())


def test_the_proxy_asks_both_services_and_is_believed_by_them() -> None:
    port = of_dockerfile("EXPOSE")
    addresses = {
        name: s["networks"]["inside"]["ipv4_address"] for name, s in [*SERVING.items(), ("proxy", SERVICES["proxy"])]
    }
    assert re.findall(r"^  server (\S+);", NGINX, re.MULTILINE) == [f"{addresses[name]}:{port}" for name in SERVING]
    assert {s["environment"]["LEDGER_TRUSTED_PROXIES"] for s in SERVING.values()} == {addresses["proxy"]}
    (keep_alive,) = re.findall(r"^  keepalive_timeout (\d+)s;", NGINX, re.MULTILINE)
    assert int(keep_alive) < Settings.model_fields["keep_alive_seconds"].default


def test_the_server_has_connections_enough_for_both() -> None:
    (most,) = re.findall(r"max_connections=(\d+)", COMPOSE_TEXT)
    fields = Settings.model_fields
    each = fields["workers"].default * fields["pool_size"].default * POOLS
    assert int(most) >= len(SERVING) * each + CONNECTIONS_BESIDE


@pytest.mark.parametrize("name", ["backup.sh", "copy-keys.sh"])
def test_a_script_is_one(name: str) -> None:
    subprocess.run(["sh", "-n", str(ROOT / "deploy" / name)], check=True)


def test_the_unit_runs_what_the_image_runs() -> None:
    assert f"ExecStart={of_dockerfile('WORKDIR')}/venv/bin/python -m app serve\n" in UNIT
    assert f"LEDGER_DATA_DIR={of_dockerfile('VOLUME')}\n" in UNIT
    assert f"StateDirectory={Path(of_dockerfile('VOLUME')).name}\n" in UNIT


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze (.ci/run installs it)")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "inspection-ledger.service"
    unit.write_text(re.sub(r"(?<=ExecStart=)\S+", sys.executable, UNIT))
    told = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    ours = [line for line in told.stderr.splitlines() if unit.name in line]  # it looks at units of the machine, too
    assert (told.returncode, ours) == (0, [])


def test_the_cluster_keeps_what_it_acknowledges_and_is_back_in_time() -> None:
    node = yaml.safe_load((ROOT / "deploy/patroni/node.yml").read_text())
    told = node["bootstrap"]["dcs"]
    assert told["synchronous_mode"] and told["synchronous_mode_strict"]
    assert told["loop_wait"] + 2 * told["retry_timeout"] <= told["ttl"] < 30
    each = Settings.model_fields["pool_size"].default * POOLS
    assert told["postgresql"]["parameters"]["max_connections"] >= 2 * each + CONNECTIONS_BESIDE


def test_the_addresses_of_the_cluster_are_understood() -> None:
    text = (ROOT / "deploy/patroni/addresses.env").read_text()
    given = dict(re.findall(r"^(LEDGER_\w+)=(.+)$", text, re.MULTILINE))
    assert {*given} <= KNOWN
    replica = given.pop("LEDGER_REPLICA_DATABASE_URL")
    require_replica(replica, "LEDGER_REPLICA_DATABASE_URL", given["LEDGER_DATABASE_URL"])
    require_one_cluster(given)
    (peers,) = re.findall(r"ETCD_INITIAL_CLUSTER=(.+)", (ROOT / "deploy/patroni/etcd.env").read_text())
    hosts = {host.rpartition(":")[0] for host in taken_apart(replica).hosts}
    assert {*re.findall(r"\d+\.\d+\.\d+\.\d+", peers)} == hosts
