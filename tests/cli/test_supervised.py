"""The service with its own database, on a small disk: faults in turn, and what a person is told."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.cli.running import LAST_WORDS, SECONDS, Running, gone, run, running
from tests.support.client import over_http
from tests.support.folders import folder

ADMIN = "correct-horse-battery"


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    """A directory on a disk of its own, where this may be mounted; else one without that."""
    with folder("disk") as place:
        mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=300m,mode=0711", "tmpfs", place]
        mounted = subprocess.run(mount).returncode == 0
        yield place
        if mounted:
            subprocess.run(["/bin/umount", "-l", place], check=True)


@pytest.fixture(scope="module")
def served(disk: Path) -> Iterator[Running]:
    settings = {"LEDGER_ADMIN_PASSWORD": ADMIN, "LEDGER_ACCESS_LOG": "off"}
    with running("serve", disk / "data", **settings) as service:
        service.until(LAST_WORDS)
        yield service


def answered(url: str, method: str, path: str, status: int, code: str = "", **rest: Any) -> httpx.Response:
    """The answer, once it is this one; bounded."""
    seen = set()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            answer = over_http(url).request(method, path, **rest)
            seen.add((answer.status_code, answer.json().get("code")))
            if (answer.status_code, answer.json().get("code", "")) == (status, code):
                return answer
        time.sleep(0.05)
    raise AssertionError(f"{path} was never {status} {code}: {seen}")


def signed_in(url: str, username: str = "admin", password: str = ADMIN) -> dict[str, str]:
    form = {"grant_type": "password", "username": username, "password": password}
    token = answered(url, "POST", "/v1/oauth/token", 200, data=form).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def postmaster(service: Running) -> psutil.Process:
    (found,) = [c for c in service.children() if c.ppid() == service.process.pid and "-D" in c.cmdline()]
    return found


def test_a_killed_database_is_started_again_while_the_service_goes_on(served: Running) -> None:
    headers = signed_in(served.url)
    first = postmaster(served)
    os.kill(first.pid, signal.SIGKILL)
    assert str(first.pid) in served.until("被信号 9 终止")
    served.until("已重新启动")
    assert postmaster(served).pid != first.pid
    answered(served.url, "GET", "/health/ready", 200)
    answered(served.url, "GET", "/v1/me", 200, headers=headers)
    body = {"username": "after-the-kill", "password": ADMIN, "role": "superior", "jurisdiction": "4313"}
    answered(served.url, "POST", "/v1/accounts", 201, json=body, headers=headers)


def test_on_a_full_disk_reads_go_on_writes_say_so_and_room_is_enough(served: Running, disk: Path) -> None:
    if not os.path.ismount(disk):
        pytest.skip("no right to mount a small disk")
    added = run(disk / "data", "account", "add", "zhou", "--role", "inspection_office", "--jurisdiction", "431382")
    headers = signed_in(served.url, "zhou", re.findall(r"密码 (\S+?)（", added.stdout)[0])

    def entered(n: int) -> httpx.Response:
        unit = {"name": f"单位{n}", "kind": "other", "note": "记" * 1500}
        return over_http(served.url).post("/v1/units", json=unit, headers=headers)

    first = entered(0)
    assert first.status_code == 201, first.text
    with (disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while ballast.write(b"\0" * (1 << 16)):
            pass
    answered(served.url, "GET", "/health/ready", 503, "disk_full")
    acknowledged = [0]
    while (told := entered(len(acknowledged))).status_code == 201 and len(acknowledged) < 3000:
        acknowledged.append(len(acknowledged))
    assert (told.status_code, told.json()["code"]) == (503, "disk_full"), told.text
    assert "没有保存" in told.json()["detail"] and told.headers["retry-after"] == "60"
    answered(served.url, "GET", first.headers["location"], 200, headers=headers)
    answered(served.url, "GET", "/v1/units?limit=1", 200, headers=headers)
    answered(served.url, "GET", "/health/live", 200)
    (disk / "ballast").unlink()
    answered(served.url, "GET", "/health/ready", 200)
    assert entered(len(acknowledged)).status_code == 201
    held = answered(served.url, "GET", "/v1/units?limit=200", 200, headers=headers).json()["items"]
    assert {u["name"] for u in held} >= {f"单位{n}" for n in acknowledged[:150]}, "nothing acknowledged is lost"


def test_a_hangup_ends_all_in_order(served: Running) -> None:
    children = served.children()
    served.process.send_signal(signal.SIGHUP)
    served.until("已停止")
    assert served.process.wait(SECONDS) == 0
    assert gone(children)


def test_without_its_key_it_does_not_start_and_makes_no_other(served: Running, disk: Path) -> None:
    key = disk / "data" / "secret-key"
    key.rename(disk / "aside")
    for command in (["serve"], ["rotate-key"]):
        told = run(disk / "data", *command)
        assert told.returncode == 1 and str(key) in told.stderr and "No new one was made" in told.stderr, told.stderr
        assert not key.exists()
    key.write_text("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\n")  # of another installation
    told = run(disk / "data", "serve")
    assert told.returncode == 1 and str(key) in told.stderr and "Put the former one back" in told.stderr, told.stderr
    (disk / "aside").rename(key)
    passwords = disk / "data" / "passwords.json"
    kept = passwords.read_text()
    for damaged, words in (("{", "is damaged"), ("{}", "is gone")):
        passwords.write_text(damaged)
        told = run(disk / "data", "serve")
        assert told.returncode == 1 and str(passwords) in told.stderr and words in told.stderr, told.stderr
        assert passwords.read_text() == damaged
    passwords.write_text(kept)


def test_a_database_that_never_comes_back_ends_the_service_with_a_sentence_and_a_status(
    served: Running, disk: Path
) -> None:
    control = disk / "data" / "data" / "global" / "pg_control"
    with running("serve", disk / "data", LEDGER_ACCESS_LOG="off") as service:
        service.until(LAST_WORDS)
        children = service.children()
        control.rename(disk / "pg_control")
        os.kill(postmaster(service).pid, signal.SIGKILL)
        service.until("PostgreSQL did not start")
        assert service.process.wait(SECONDS) == 1
        assert gone(children)
    (disk / "pg_control").rename(control)
    with running("serve", disk / "data", LEDGER_ACCESS_LOG="off") as service:
        service.until(LAST_WORDS)
        service.process.send_signal(signal.SIGHUP)
        service.until("已停止")
        assert service.process.wait(SECONDS) == 0
