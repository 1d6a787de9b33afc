"""The video gateway of a process with pages: an own one each, or MediaMTX for all; see docs/decisions/0020."""

import contextlib
from collections.abc import Mapping

from fastapi import FastAPI

from actions import keys, video
from ingest.video import mediamtx_http
from ingest.video.gateway import EmbeddedGateway
from ingest.video.mediamtx import MediaMtxGateway, MediaMtxPlaces
from settings import Settings
from wiring.product import Product


def start_video(stack: contextlib.AsyncExitStack, product: Product) -> None:
    settings = product.settings
    if settings.video_gateway == "off":
        return
    gateway = product.video = _gateway(settings)
    video.open(gateway)
    stack.callback(video.close)
    product.supervisor.keep("video gateway", gateway.run)


def mount_video(rest_api: FastAPI, settings: Settings) -> None:
    """What MediaMTX asks us."""
    if settings.video_gateway == "mediamtx":
        mediamtx_http.mount(rest_api, _password())


def video_numbers(product: Product) -> Mapping[str, float]:
    """For `/metrics`."""
    return {} if product.video is None else product.video.numbers()


def _gateway(settings: Settings) -> EmbeddedGateway | MediaMtxGateway:
    if settings.video_gateway == "mediamtx":
        return MediaMtxGateway(MediaMtxPlaces.at(settings.mediamtx_host), _password(), EmbeddedGateway())
    return EmbeddedGateway()


def _password() -> str:
    """The same in every process of this installation, and in no file."""
    return keys.key("mediamtx").hex()
