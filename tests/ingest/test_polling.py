"""A controller that only speaks HTTP, from its box to being cut off: the real firmware, the routes on a real port."""

import asyncio
import contextlib
import json
import socket as sockets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from actions import device_commands
from actions.device_credentials import revoke
from actions.live import Hub
from actions.pumps import cards
from api import rest
from domain.commands import Command, Kind
from ingest import claim_http, poll_http
from ingest.commander import Commander
from ingest.device_addresses import DeviceAddresses
from tests.device_parts import code_for, now, open_keys, registered_poller
from tests.firmware.test_box_to_life import free_port, page_at
from tests.ingest.pump_site import QUICK, Motor, Site, comes_true
from tests.ingest.test_pumps import broker, coop, is_in, site, started
from tests.pump_parts import Coop, fetch
from tools.virtual_board import Board, write_keys

__all__ = ["broker", "coop", "site"]
CARD = "04A1B2C3"


@contextlib.asynccontextmanager
async def answering(site: Site) -> AsyncIterator[str]:
    """The routes that devices use, and what sends commands; yields the server's address."""
    open_keys()
    assert site.parts is not None and site.sender is not None
    app = FastAPI()
    api = rest.mount(app, hub=Hub())
    commander = Commander(site.sender, site.parts.consumer.reject)
    claim_http.mount(api, DeviceAddresses())
    poll_http.mount(api, site.parts.directory, site.parts.presence, site.parts.consumer.reject, commander)
    with sockets.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        works = [server.serve(sockets=[listening]), commander.send_for_ever(), commander.listen_for_ever()]
        works.append(site.parts.directory.keep_fresh())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            commander.close()


@contextlib.asynccontextmanager
async def out_of_its_box(flash: Path, code: str, server: str) -> AsyncIterator[Motor]:
    """A controller that somebody has set up with a code on its own page."""
    ports = [free_port(sockets.SOCK_STREAM), free_port(sockets.SOCK_DGRAM)]
    write_keys(flash, {"setup_ports": ports, "settings": QUICK})
    motor = Motor("", Board(flash))
    await motor.board.power_on()
    try:
        url = f"http://127.0.0.1:{ports[0]}"
        await page_at(url)
        form = {"ssid": "workshop", "password": "films and water", "code": code, "server": server}
        async with httpx.AsyncClient() as client:
            assert (await client.post(url + "/join", data=form)).status_code == 200
        yield motor
    finally:
        await motor.board.power_off()


async def asked(device_id: str, kind: Kind, coop: Coop) -> Command:
    command = await device_commands.request(device_id, kind, coop.owner, now())
    assert isinstance(command, Command), command
    return command


async def stage_is(command: Command, stage: str) -> bool:
    return await fetch(f"SELECT stage FROM device_command WHERE id = '{command.id}'") == [(stage,)]


async def kept(flash: Path, name: str) -> Any:
    return json.loads(bytes.fromhex(json.loads((flash / "nvs.json").read_text())["pitpilot"][name]))


async def test_a_controller_over_http_claims_itself_runs_a_turn_obeys_and_is_cut_off(
    coop: Coop, site: Site, tmp_path: Path
) -> None:
    flash, device_id = tmp_path / "controller", await registered_poller(coop.owner)
    code = await code_for(device_id, coop.owner)
    async with answering(site) as url, out_of_its_box(flash, code, url) as motor:

        async def is_heard() -> bool:
            ready = f"device_id = '{device_id}' AND heard_at_ms IS NOT NULL AND may_start_at_ms IS NOT NULL"
            return await fetch(f"SELECT 1 FROM motor WHERE {ready}") != []

        await comes_true(is_heard)
        assert (await kept(flash, "identity"))["kind"] == "pump_http"
        assert await kept(flash, "http_key") == (await kept(flash, "identity"))["password"]

        run = await started(coop, 600, device_id=device_id)
        await comes_true(lambda: motor.is_on)
        await comes_true(lambda: is_in(run, "running"))

        assert await cards.register(CARD, coop.members[1].person_id, "", coop.owner, now()) is None
        motor.board.hold_card(bytes.fromhex(CARD))
        await comes_true(lambda: _was_seen(CARD))

        identify = await asked(device_id, Kind.IDENTIFY, coop)
        await comes_true(lambda: stage_is(identify, "done"))
        assert motor.is_on

        await revoke(device_id, coop.owner, now())
        await comes_true(lambda: not motor.is_on)
        assert motor.board.resets == ["hard"], "the restart after its claim, and no other"


async def _was_seen(uid: str) -> bool:
    return await fetch(f"SELECT 1 FROM card WHERE uid = '{uid}' AND seen_at IS NOT NULL") != []
