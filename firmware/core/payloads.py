"""Telemetry messages, built from records without floats, and what the server says back, parsed without trust."""

from core import records
from core.draft import Draft
from core.page import Page

MESSAGE_READINGS = 12
MESSAGE_BYTES_MAX = 2_304
"""Twelve readings of the longest numbers; the server takes 8 KiB."""
RANGES_MAX = 64


def telemetry(out: Draft, page: Page, bits: int, up_ms: int) -> memoryview:
    """Writes the readings of a page that have these bits. `up_ms` is the clock of the page's boot, at sending."""
    out.clear()
    out.write('{"boot_id":%d,"up_ms":%d,"readings":[' % (page.boot_id, up_ms))
    between = ""
    for at in page.places(bits):
        out.write(between)
        _write_reading(out, page.data, at)
        between = ","
    out.write("]}")
    return out.view()


def _write_reading(out: Draft, data: bytearray, at: int) -> None:
    seq, ts_ms, up_ms, steps = records.unpack(data, at)
    out.write('{"seq":%d,"ts":%s,"up_ms":%d' % (seq, "null" if ts_ms is None else ts_ms, up_ms))
    for (name, scale), step in zip(records.FIELDS, steps):
        if step is not None:
            out.write(',"%s":%s' % (name, decimal(step, scale)))
    out.write("}")


def decimal(steps: int, scale: int) -> str:
    """Steps of a tenth or hundredth as a decimal number, exactly."""
    sign = "-" if steps < 0 else ""
    whole, rest = abs(steps) // scale, abs(steps) % scale
    return "%s%d.%s" % (sign, whole, ("%02d" if scale == 100 else "%d") % rest)


def got(said: dict) -> tuple | None:
    """(boot_id, ranges) of `/got`: what was committed and what was refused for good. None for what is none."""
    try:
        ranges = list(said.get("readings", ())) + list(said.get("refused", ()))
        if type(said["boot_id"]) is not int or len(ranges) > RANGES_MAX:
            return None
        return said["boot_id"], [_range(one) for one in ranges]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _range(said) -> tuple:
    first, last = said
    if type(first) is not int or type(last) is not int:
        raise ValueError("not a range")
    return first, last
