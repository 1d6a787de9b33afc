"""The player's page in Chromium while half of all packets are lost, and after; run by test_loss.py in a network of its
own, with the words for `tc` that make it so as its arguments.

Prints one JSON object: the sentences that the page showed meanwhile, and the frames that it showed after.
"""

import asyncio
import json
import sys
from uuid import uuid4

from domain.video import CameraSource
from tests.ingest.video.parts import PATIENCE_S, embedded, small_film
from tests.own_network import shape_loopback
from tools.chromium import launched
from tools.virtual_camera.player import player
from tools.virtual_camera.server import VirtualCameras

LOST_FOR_S = 14.0
AGAIN = 20  # frames
SENTENCE = """() => {
    const message = document.querySelector(".player .wrong");
    return message.hidden ? "" : message.textContent;
}"""


async def main() -> None:
    camera, said = uuid4(), set[str]()
    async with VirtualCameras({"pit": small_film()}) as source, embedded() as gateway, player(gateway) as url:
        await gateway.configure([CameraSource(camera, source.url("pit"))])
        async with launched() as browser:
            page = await browser.new_page()
            await page.goto(url)
            await page.evaluate(f"() => play('{camera}')")
            await page.wait_for_function(f"readings.length > {AGAIN}", timeout=PATIENCE_S * 1_000)
            shape_loopback("add", *sys.argv[1:])
            for _ in range(round(LOST_FOR_S / 0.2)):
                await asyncio.sleep(0.2)
                said.add(await page.evaluate(SENTENCE))
            shape_loopback("del")
            seen = await page.evaluate("readings.length")
            await page.wait_for_function(f"readings.length > {seen + AGAIN}", timeout=PATIENCE_S * 1_000)
            state = await page.locator(".player").get_attribute("data-state")
    print(json.dumps({"said": sorted(said - {""}), "state": state}))


if __name__ == "__main__":
    asyncio.run(main())
