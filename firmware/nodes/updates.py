"""Updates as a node sees them: taking one on, bringing it in, and the trial after it.

An update is brought in by a boot of its own that does nothing else: a download over TLS and a signature take more
memory than a running node leaves, and no motor can be ON meanwhile. See core.update, core.trial and slots.py.
"""

from core import http, ticks, trial
from core.update import DOWNLOAD_FAILED, MALFORMED, NO_KEY, ON_TRIAL, SAME_VERSION, Updater
from core.version import RELEASE_KEY, VERSION
from slots import Slots

WAITING, REFUSED, TAKEN = "update", "update_no", "update_cmd"
"""Names in NVS: the command that the next boot carries out; [id, reason] of one that failed; the id of the last."""
ROLLED_BACK = "rolled_back"
WATCHDOG_MS = 120_000
_ASK_AGAIN_MS = 1_000


def take_on(keys, message: dict) -> None:
    """Has the next boot bring in what a command `update` names. Raises ValueError with the reason why not."""
    wanted = {name: message.get(name) for name in ("id", "version", "url", "size", "sha256")}
    texts = ("id", "version", "url", "sha256")
    if type(wanted["size"]) is not int or not all(isinstance(wanted[name], str) for name in texts):
        raise ValueError(MALFORMED)
    if not RELEASE_KEY:
        raise ValueError(NO_KEY)
    if wanted["version"] == VERSION:
        raise ValueError(SAME_VERSION)
    if Slots().is_on_trial():
        raise ValueError(ON_TRIAL)
    keys.set(WAITING, wanted)


async def bring_in(parts, watchdog) -> None:
    """Carries out what was taken on, once, whatever becomes of it: power may go between any two lines. The caller
    restarts.
    """
    keys, config, slots = parts.keys, parts.config, Slots()
    message = keys.get(WAITING)
    keys.set(REFUSED, [message["id"], DOWNLOAD_FAILED])  # if this boot does not end well
    keys.delete(WAITING)
    watchdog.expect(WATCHDOG_MS)
    kind = "pit" if config.kind == "pit" else "pump"
    try:
        open_at = await _door(parts, message["url"])
        await Updater(kind, RELEASE_KEY, slots, open_at, watchdog.feed).take(message)
        keys.set(TAKEN, message["id"])  # first: a roll-back is told under it
        slots.try_other()
        keys.delete(REFUSED)
    except ValueError as error:
        keys.set(REFUSED, [message["id"], str(error)])


async def _door(parts, address: str):
    """What opens a download at a byte. Raises ValueError."""
    config = parts.config
    if not await parts.wifi.connect():
        raise ValueError(DOWNLOAD_FAILED)
    url, tls = http.Url(config.url.rstrip("/") + address if address.startswith("/") and config.url else address), None
    if url.is_tls:
        from core.tls import client_context
        from hal.wifi import set_clock

        if ticks.unix_ms() is None and not set_clock(url.host):
            raise ValueError("clock")
        tls = client_context(config.ca)

    async def open_at(first_byte: int):
        headers = (("Range", "bytes=%d-" % first_byte),) if first_byte else ()
        return await http.request("GET", url, tls, headers=headers)

    return open_at


async def prove(parts, node) -> None:
    """Passes or fails the trial of a new firmware; tells the server of an update that was refused or given up."""
    slots, keys = Slots(), parts.keys
    if slots.is_on_trial():
        keys.delete(REFUSED)  # it was not refused: power went before that could be struck out
    await trial.run(slots, parts.clock, node.is_good, node.is_busy, parts.restart)
    refused = [keys.get(TAKEN, ""), ROLLED_BACK] if slots.went_back() else keys.get(REFUSED)
    if refused:
        while not node.link.is_up():
            await ticks.sleep_ms(_ASK_AGAIN_MS)
        node.commands.ack(*refused)
        keys.delete(REFUSED)
        slots.told()
