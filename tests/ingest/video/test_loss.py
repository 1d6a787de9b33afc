"""Half of all packets lost, by netem in a network namespace where that is permitted."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NETWORK = "ip link set lo up mtu 1500 && ip address add 10.99.0.1/32 dev lo"
"""A network with nothing in it but ourselves; the address is what WebRTC may offer, as it leaves loopback's own out."""


WAYS = ("netem loss 50%", "tbf rate 200kbit burst 3000 latency 20ms")
"""Chance, or where the kernel has none of that a bottleneck of half of what the camera sends: the rest is lost."""


def way() -> str | None:
    """The first of `WAYS` that may be used here."""
    if any(shutil.which(program) is None for program in ("unshare", "ip", "tc")):
        return None
    for words in WAYS:
        tried = ["unshare", "-rn", "sh", "-c", f"{NETWORK} && tc qdisc add dev lo root {words}"]
        if subprocess.run(tried, capture_output=True, timeout=20).returncode == 0:
            return words
    return None


async def test_a_viewer_sees_the_picture_again_after_half_of_all_packets_were_lost() -> None:
    if (words := await asyncio.to_thread(way)) is None:
        pytest.skip("no network namespace in which packets can be lost: unshare, ip and tc are needed, and the right")
    program = f"{NETWORK} && exec {sys.executable} -m tests.ingest.video.lossy {words}"
    running = await asyncio.create_subprocess_exec(
        "unshare", "-rn", "sh", "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        said, fault = await asyncio.wait_for(running.communicate(), 110)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    assert running.returncode == 0, fault.decode()[-3000:]
    found = json.loads(said.decode().splitlines()[-1])
    assert found["before"] >= 20 and found["after"] == "live", found
    assert found["meanwhile"] < 100, "nothing was lost: 8 s are 120 frames"
