"""The player's page in Chromium while half of all packets are lost, and after; run by test_loss.py in a network of its
own, with the words for `tc` that make it so as its arguments.

Prints one JSON object: the sentences that the page showed meanwhile, and how the player stood in the end.
"""

import asyncio
import json
import sys

from tests.ingest.video.parts import PATIENCE_S, screening, small_film
from tests.own_network import shape_loopback

LOST_FOR_S = 14.0
AGAIN = 20  # frames
SENTENCE = """() => {
    const message = document.querySelector(".player .wrong");
    return message.hidden ? "" : message.textContent;
}"""


async def main() -> None:
    said = set[str]()
    async with screening(small_film()) as opened:
        page = await opened()
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
