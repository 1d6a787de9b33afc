"""The video gateway of a process with pages: an own one each, see docs/decisions/0020."""

import contextlib
from collections.abc import Mapping

from actions import video
from ingest.video.gateway import EmbeddedGateway
from wiring.product import Product


def start_video(stack: contextlib.AsyncExitStack, product: Product) -> None:
    if product.settings.video_gateway == "off":
        return
    gateway = product.video = EmbeddedGateway()
    video.open(gateway)
    stack.callback(video.close)
    product.supervisor.keep("video gateway", gateway.run)


def video_numbers(product: Product) -> Mapping[str, float]:
    """For `/metrics`."""
    return {} if product.video is None else product.video.numbers()
