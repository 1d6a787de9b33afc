"""A viewer while half of all packets are lost, and after; run by test_loss.py in a network of its own, with the words
for `tc` that make it so as its arguments.

Prints one JSON object: frames seen before, meanwhile and after, and how the camera was said to be.
"""

import asyncio
import json
import sys
from uuid import uuid4

from domain.video import CameraSource
from tests.ingest.video.parts import Viewer, cameras, small_film, until
from tests.own_network import shape_loopback
from tools.virtual_camera.server import VirtualCameras

LOST_FOR_S = 8.0
PATIENCE_S = 60.0


async def main() -> None:
    camera, said = uuid4(), set()
    async with VirtualCameras({"pit": small_film()}) as source, cameras() as inner:
        await inner.configure([CameraSource(camera, source.url("pit"))])
        viewer = Viewer(inner, camera)
        assert await viewer.open() is None
        await viewer.sees_more(20)
        before = len(viewer.numbers)
        shape_loopback("add", *sys.argv[1:])
        for _ in range(round(LOST_FOR_S / 0.2)):
            await asyncio.sleep(0.2)
            said.add((await inner.status())[camera].state.value)
        meanwhile = len(viewer.numbers) - before
        shape_loopback("del")
        again = len(viewer.numbers)
        if not viewer.is_connected:  # as a player does: it asks anew
            await viewer.close()
            viewer, again = Viewer(inner, camera), 0
            while await viewer.open() is not None:
                await asyncio.sleep(1.0)
                viewer = Viewer(inner, camera)
        await until(lambda: len(viewer.numbers) >= again + 20, PATIENCE_S)
        state = (await inner.status())[camera].state.value
        await viewer.close()
    print(json.dumps({"before": before, "meanwhile": meanwhile, "said": sorted(said), "after": state}))


if __name__ == "__main__":
    asyncio.run(main())
