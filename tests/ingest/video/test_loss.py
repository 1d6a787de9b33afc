"""Half of all packets lost, by netem in a network namespace where that is permitted."""

import asyncio
import json

import pytest

from tests import own_network

WAYS = ("netem loss 50%", "tbf rate 120kbit burst 3000 latency 20ms")
"""Chance, or where the kernel has none of that a bottleneck of half of what the camera sends, which passes twice, to us
and to the viewer: the rest is lost."""


def way() -> str | None:
    """The first of `WAYS` that may be used here."""
    return next((words for words in WAYS if own_network.permits(f"tc qdisc add dev lo root {words}")), None)


async def test_a_viewer_sees_the_picture_again_after_half_of_all_packets_were_lost() -> None:
    if (words := await asyncio.to_thread(way)) is None:
        pytest.skip(own_network.WHY_NOT)
    # WebRTC may offer the network's own address; it leaves loopback's out.
    found = json.loads(await own_network.said_by("tests.ingest.video.lossy", *words.split(), within_s=110))
    assert found["before"] >= 20 and found["after"] == "live", found
    assert found["meanwhile"] < 100, "nothing was lost: 8 s are 120 frames"


async def test_the_page_says_that_something_is_wrong_and_shows_the_picture_again_by_itself() -> None:
    if (words := await asyncio.to_thread(way)) is None:
        pytest.skip(own_network.WHY_NOT)
    found = json.loads(await own_network.said_by("tests.ingest.video.lossy_page", *words.split(), within_s=110))
    assert found["said"] and found["state"] == "live", found
