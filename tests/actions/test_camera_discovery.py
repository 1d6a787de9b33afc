"""The search for cameras, against a camera that really answers: WS-Discovery by multicast in a network of its own."""

import asyncio
import json

import pytest

from tests import own_network


async def test_a_camera_that_answers_is_found_and_liars_screens_and_rubbish_are_not() -> None:
    if not await asyncio.to_thread(own_network.permits):
        pytest.skip(own_network.WHY_NOT)
    found = json.loads(await own_network.said_by("tests.actions.onvif_lan", within_s=60))
    camera = {"host": "192.0.2.64", "name": "HIKVISION DS-2CD2043", "hardware": "DS-2CD2043G2", "make": "hikvision"}
    assert found == [camera]
