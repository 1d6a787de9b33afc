"""The pump node that only speaks HTTP: the same firmware, polling a server that a test plays."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic_ns, time
from typing import Any

from ingest import wire
from tests.firmware.virtual_node import OPTO, QUICK, RELAY, RUN
from tools.virtual_board import Board, write_keys

KEY = "pk_of_a_test"
WITHIN_S = 60.0
UNAVAILABLE = {"code": "unavailable"}


class Server:
    """Answers polls over connections that stay open. `decide(state)` returns the answer, None for no answer at all."""

    def __init__(self) -> None:
        self.polls: list[dict[str, Any]] = []
        self.connections = 0
        self.decide: Callable[[dict[str, Any]], object] = lambda state: {}
        self._open: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.append(writer)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                assert head.startswith("POST /api/v1/esp32/poll HTTP/1.1\r\n")
                assert f"Authorization: Bearer {KEY}\r\n" in head
                length = int(head.partition("Content-Length: ")[2].partition("\r\n")[0])
                poll = json.loads(await reader.readexactly(length))
                self.polls.append(poll)
                answer = self.decide(poll)
                if answer is None:
                    continue
                body = json.dumps(answer).encode()
                status = b"503 Service Unavailable" if answer == UNAVAILABLE else b"200 OK"
                writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def grant(self, poll: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(wire.state(json.dumps(poll).encode()), wire.PumpState)
        grant = {
            "id": f"grant-{poll['seq']}",
            "kind": "run",
            "run_id": RUN,
            "fence": poll["fence"],
            "echo": {"boot_id": poll["boot_id"], "seq": poll["seq"]},
            "ttl_ms": 15_000,
            "budget_ms": 600_000,
        }
        return {"command": grant}

    def cut(self) -> None:
        """Resets every connection."""
        while self._open:
            self._open.pop().transport.abort()


@asynccontextmanager
async def polling(flash: Path) -> AsyncIterator[tuple[Server, Board]]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    write_keys(
        flash,
        {
            "identity": {"kind": "pump_http", "tenant": "acme", "device": "pump-2", "password": "of MQTT"},
            "http_key": KEY,
            "server": {"host": "127.0.0.1", "port": port, "tls": False, "url": f"http://127.0.0.1:{port}"},
            "settings": QUICK,
        },
    )
    try:
        async with Board(flash) as board:
            await until(lambda: bool(server.polls), board)
            yield server, board
    finally:
        listening.close()


async def until(holds: Callable[[], bool], board: Board) -> None:
    try:
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {WITHIN_S} s; log:\n{board.log}") from None


def is_on(board: Board) -> bool:
    return board.is_on(RELAY) and board.is_on(OPTO)


async def test_an_answer_to_a_poll_is_a_grant_and_one_connection_serves_a_run(tmp_path: Path) -> None:
    async with polling(tmp_path) as (server, board):
        server.decide = server.grant
        await until(lambda: is_on(board), board)
        seen = len(server.polls)
        await until(lambda: len(server.polls) > seen + 3, board)
        assert is_on(board)
        assert server.connections == 1
        assert any(ack["ok"] for poll in server.polls for ack in poll.get("acks", []))


async def test_a_stop_in_an_answer_is_obeyed(tmp_path: Path) -> None:
    async with polling(tmp_path) as (server, board):
        server.decide = server.grant
        await until(lambda: is_on(board), board)
        server.decide = lambda poll: {"command": {"id": "s", "kind": "stop", "fence": 1}}
        await until(lambda: not is_on(board), board)
        await until(lambda: server.polls[-1]["fence"] == 1 and not server.polls[-1]["motor_on"], board)


async def test_a_lost_connection_is_off_and_is_only_then_opened_anew(tmp_path: Path) -> None:
    async with polling(tmp_path) as (server, board):
        server.decide = server.grant
        await until(lambda: is_on(board), board)
        server.cut()
        cut_us = monotonic_ns() // 1_000
        await until(lambda: not is_on(board), board)
        falls = [edge.at_us - cut_us for edge in board.edges if edge.pin == RELAY and not edge.level]
        assert falls[0] < 2_000_000  # at the next poll, one second here
        await until(lambda: server.connections == 2, board)


async def test_a_server_that_does_not_answer_is_off_long_before_fifteen_seconds(tmp_path: Path) -> None:
    async with polling(tmp_path) as (server, board):
        server.decide = server.grant
        await until(lambda: is_on(board), board)
        server.decide = lambda poll: None
        await until(lambda: not is_on(board), board)


async def test_a_server_that_has_no_answer_is_off_when_the_lease_is_over_and_may_have_one_again(tmp_path: Path) -> None:
    async with polling(tmp_path) as (server, board):
        server.decide = lambda poll: {"command": {**server.grant(poll)["command"], "ttl_ms": 2_000}}
        await until(lambda: is_on(board), board)
        server.decide = lambda poll: UNAVAILABLE
        await until(lambda: not is_on(board), board)
        server.decide = server.grant
        await until(lambda: is_on(board), board)
        assert server.connections == 1


async def test_a_card_goes_with_the_next_poll_until_it_is_committed(tmp_path: Path) -> None:
    async with polling(tmp_path) as (server, board):
        board.hold_card(bytes.fromhex("04a1b2c3"))
        await until(lambda: any("events" in poll for poll in server.polls), board)
        event = next(poll["events"][0] for poll in server.polls if "events" in poll)
        assert (event["uid"], event["present"]) == ("04A1B2C3", True)
        server.decide = lambda poll: {"got": {"boot_id": event["boot_id"], "events": [[1, 1]]}}
        seen = len(server.polls)
        await until(lambda: len(server.polls) > seen + 1, board)
        assert board.resets == []


async def test_in_safe_mode_it_can_still_be_repaired(tmp_path: Path) -> None:
    write_keys(tmp_path, {"bad_boots": 6})
    restart = {"id": "r-1", "kind": "restart", "expires": time() + 60}
    async with polling(tmp_path) as (server, board):
        first = wire.state(json.dumps(server.polls[0]).encode())
        assert isinstance(first, wire.PumpState) and (first.fault, first.motor_on) == ("safe_mode", False)
        server.decide = lambda poll: {"also": restart if poll["boot_id"] == 1 else None}
        await until(lambda: server.polls[-1]["boot_id"] == 2, board)
        assert server.polls[-1]["fault"] is None
        assert not is_on(board)
