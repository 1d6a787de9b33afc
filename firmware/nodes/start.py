"""Starts the node that this controller is: set-up page, repair only, pit or pump. Ends in a restart, always."""

import asyncio
import gc
import sys
import time

from core import ticks
from core.config import ConfigError, is_claimed, load
from core.safe_mode import GOOD_AFTER_MS, SafeMode
from hal import watchdog
from hal.pins import drive_off
from hal.storage import Keys

PAUSE_S = 1  # before a restart after a crash, for whoever reads the console
DEFAULT_OUTPUTS = [25, 5]  # as in boot.py
GARBAGE_BYTES = 8_192
"""Collected after so much, not when memory is full: what stays would else lie scattered, with no room between."""


def run() -> None:
    """Doesn't return."""
    keys, clock, cause = Keys(), ticks.Clock(), watchdog.last_reset()
    safe_mode = SafeMode(keys, cause)
    outputs = DEFAULT_OUTPUTS + (keys.get("outputs") or [])
    if hasattr(gc, "threshold"):
        gc.threshold(GARBAGE_BYTES)  # pyright: ignore[reportAttributeAccessIssue]
    try:
        asyncio.run(_live(keys, clock, cause, safe_mode))
    except Exception as error:  # noqa: BLE001  # whatever broke, the way out is a restart
        drive_off(outputs)  # it need not have been the guard that broke, and nobody guards any more
        _show(error)
        time.sleep(PAUSE_S)
    watchdog.restart()


async def _live(keys, clock, cause, safe_mode) -> None:
    """Imports only what is needed: memory is short."""
    if not is_claimed(keys):
        from nodes.setup import SetupNode

        await SetupNode(keys, clock).run()
        return
    from nodes.factory_reset import watch_reset_button
    from nodes.parts import NodeParts

    parts = NodeParts(_config(keys), keys, clock, cause, safe_mode)
    if keys.get("update"):
        from nodes.updates import bring_in

        await bring_in(parts, watchdog.Watchdog())
        return
    node = _node(parts, safe_mode)
    await asyncio.gather(
        node.run(), _settle(safe_mode), _prove(parts, node), watch_reset_button(parts, node.is_busy),
    )  # fmt: skip


def _node(parts, safe_mode):
    if safe_mode.is_needed():
        from nodes.repair import RepairNode

        return RepairNode(parts)
    if parts.config.kind == "pump":
        from nodes.pump import PumpNode

        return PumpNode(parts)
    if parts.config.kind == "pump_http":
        from nodes.pump_http import PumpHttpNode

        return PumpHttpNode(parts)
    from nodes.pit import PitNode

    return PitNode(parts)


def _config(keys):
    """The configuration; with the default settings when those that are stored can't be used any more."""
    try:
        return load(keys)
    except ConfigError as error:
        print("settings:", error)
        keys.delete("settings", "settings_v")
        return load(keys)


async def _prove(parts, node) -> None:
    """A firmware that came by an update has to prove itself; of one that did not come the server is told."""
    from slots import Slots

    if not Slots().is_settled() or parts.keys.get("update_no"):
        from nodes.updates import prove  # only now: it takes memory

        await prove(parts, node)


async def _settle(safe_mode) -> None:
    await ticks.sleep_ms(GOOD_AFTER_MS)
    safe_mode.boot_was_good()


def _show(error) -> None:
    if hasattr(sys, "print_exception"):
        sys.print_exception(error)  # pyright: ignore[reportAttributeAccessIssue]
    else:
        import traceback

        traceback.print_exception(error)
