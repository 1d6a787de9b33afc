"""The demo's cameras as a program: `python -m tools.virtual_cameras --cameras FILE` serves what the file names.

The file is JSON: `{"port", "user", "password", "films": {path: what is burnt into its picture}}`.
"""

import argparse
import asyncio
import json
from pathlib import Path

from tools.virtual_camera.film import Film
from tools.virtual_camera.server import VirtualCameras
from tools.virtual_firmware import stop_when_told

FPS, BIT_RATE = 12, 1_000_000  # a picture is only made while somebody fetches it


async def serve(said: dict[str, object], *, until_input_ends: bool) -> None:
    films = said["films"]
    assert isinstance(films, dict)  # noqa: S101  # our own file
    shown = {path: Film(name, fps=FPS, bit_rate=BIT_RATE, sound="pcm_alaw") for path, name in films.items()}
    cameras = VirtualCameras(shown, str(said["user"]), str(said["password"]))
    cameras.port = int(str(said["port"]))
    async with cameras:
        await stop_when_told(until_input_ends).wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.virtual_cameras", description=__doc__)
    parser.add_argument("--cameras", type=Path, required=True)
    parser.add_argument("--until-input-ends", action="store_true", help="stop when standard input closes")
    asked = parser.parse_args()
    asyncio.run(serve(json.loads(asked.cameras.read_text()), until_input_ends=asked.until_input_ends))


if __name__ == "__main__":
    main()
