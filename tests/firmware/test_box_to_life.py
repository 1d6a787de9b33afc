"""From the box to the first reading and back: set-up page, claim, measuring, and the button that forgets it all. In the
real interpreter.
"""

import asyncio
import html
import json
import re
import socket
from pathlib import Path

import httpx

from tests.firmware.pit_rig import DEVICE, TENANT, PitServer
from tests.firmware.test_setup_portal import CODE, GIVEN, Server
from tests.private_mosquitto import PrivateMosquitto
from tools.virtual_board import write_keys
from tools.virtual_pit import PitBoard

BUTTON = 0


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def page_at(url: str) -> str:
    """The set-up page, as soon as it is there."""
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            try:
                return html.unescape((await client.get(url)).text)
            except httpx.HTTPError:
                await asyncio.sleep(0.05)


async def test_a_controller_out_of_its_box_is_claimed_measures_and_forgets_again(
    broker: PrivateMosquitto, tmp_path: Path, shipped: Path
) -> None:
    ports = [free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)]
    write_keys(tmp_path, {"setup_ports": ports})
    url = f"http://127.0.0.1:{ports[0]}"
    claims = Server()
    mqtt = {"url": f"mqtt://127.0.0.1:{broker.port}", "username": DEVICE, "password": "drawn", "topics": "…"}
    claims.answer = json.dumps({**GIVEN, "tenant_id": TENANT, "device_id": DEVICE, "mqtt": mqtt})
    board = PitBoard(tmp_path, program=shipped)
    async with await asyncio.start_server(claims.serve, "127.0.0.1", 0) as listening, PitServer(broker) as server:
        claims.port = listening.sockets[0].getsockname()[1]
        await board.power_on()
        try:
            networks = re.findall('<option value="([^"]+)">', await page_at(url))
            form = {"ssid": networks[0], "password": "films and water", "code": CODE}
            async with httpx.AsyncClient() as client:
                said = await client.post(url + "/join", data={**form, "server": f"http://127.0.0.1:{claims.port}"})
            assert said.status_code == 200
            await server.until(lambda: server.readings, 30)
            assert server.readings[0] == (GIVEN["next_boot_id"], 1), "boots are numbered from where the server says"
            board.set_pin(BUTTON, 0)
            assert "Claim code" in await page_at(url)
            kept = json.loads((tmp_path / "nvs.json").read_text())["pitpilot"]
            assert not {"identity", "server", "wifi"} & set(kept)
            assert json.loads(bytes.fromhex(kept["boot_id"])) == GIVEN["next_boot_id"]
        finally:
            await board.power_off()
