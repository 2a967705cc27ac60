"""`python -m app import` sends a file again whose answer was lost, and it is imported once."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from typer.testing import CliRunner

from app.cli import cli
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from tests.e2e.conftest import Server
from tests.support.callers import PASSWORD
from tests.support.databases import beside


class Line:
    """A line to a service that loses the first answer to a request, after the service has given it.

    request   how it begins; an upload, unless said otherwise
    part      so many bytes of the answer come through
    """

    def __init__(self, port: int, request: bytes = b"POST /v1/imports", part: int = 0) -> None:
        self._to, self.lost, self._request, self._part = port, 0, request, part
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        service = socket.create_connection(("127.0.0.1", self._to))
        asked = bytearray()
        back = threading.Thread(target=self._back, args=(service, client, asked), daemon=True)
        back.start()
        while data := _received(client):
            asked += data
            service.sendall(data)
        service.close()

    def _back(self, service: socket.socket, client: socket.socket, asked: bytearray) -> None:
        while data := _received(service):
            if self._request in asked and not self.lost:
                self.lost += 1
                client.sendall(data[: self._part])
                break
            client.sendall(data)
        for end in (client, service):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""


async def imports(url: str) -> int:
    """How many imports there are in a database."""
    connection = await connect(url)
    found: int = await connection.fetchval("select count(*) from import_job")
    await connection.close()
    return found


def test_a_file_whose_answer_was_lost_is_sent_again_and_imported_once(
    own: tuple[EmbeddedPostgres, Path], new_server: Callable[[str], Server], tmp_path: Path
) -> None:
    server = new_server("resent")
    line = Line(server.port)
    threading.Thread(target=line.serve, daemon=True).start()
    file = tmp_path / "名录.csv"
    file.write_text("单位名称,单位类型,备注\n重发镇,乡镇街道,甲\n重发村,村组,乙\n", encoding="utf-8")
    options = ("--type", "units", "--user", "office", "--password", PASSWORD)
    told = CliRunner().invoke(cli, ["import", str(file), "--url", f"http://127.0.0.1:{line.port}", *options])
    line.close()
    assert told.exit_code == 0 and line.lost == 1, told.output
    assert asyncio.run(imports(beside(own[0].superuser_url, server.database))) == 1
    units = server.client().get("/v1/units", params={"q": "重发"}).json()["items"]
    assert sorted(u["name"] for u in units) == ["重发村", "重发镇"]
