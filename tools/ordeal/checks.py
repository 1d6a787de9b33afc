"""What must be true when an ordeal is over: of the relays as they moved, of every run, and of the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.pump_parts import assert_books_balance, fetch
from tools.ordeal.people import Diary
from tools.ordeal.place import MOTORS, OPTO, RELAY, Place
from tools.virtual_board import Edge


@dataclass(frozen=True, slots=True)
class Span:
    """A motor had its current, on the monotonic clock that all boards share."""

    device_id: str
    from_us: int
    until_us: int


def spans(device_id: str, edges: Sequence[Edge], now_us: int) -> Iterator[Span]:
    """While both outputs were high."""
    levels = {RELAY: 0, OPTO: 0}
    since: int | None = None
    for edge in edges:
        if edge.pin not in levels:
            continue
        levels[edge.pin] = edge.level
        is_on = all(levels.values())
        if is_on and since is None:
            since = edge.at_us
        elif not is_on and since is not None:
            yield Span(device_id, since, edge.at_us)
            since = None
    if since is not None:
        yield Span(device_id, since, now_us)


def overlaps(found: Sequence[Span]) -> list[str]:
    """Where two motors of a group had their current at once."""
    ordered = sorted(found, key=lambda span: span.from_us)
    return [
        f"{one.device_id} until {one.until_us}, {other.device_id} from {other.from_us}"
        for one, other in pairwise(ordered)
        if other.from_us < one.until_us
    ]


async def faults(place: Place, diary: Diary, on: Mapping[str, Sequence[Span]]) -> list[str]:
    """Everything that is not as it must be; empty: nothing."""
    found = list(diary.other_answers)
    for devices in MOTORS.values():
        found += [f"two ON: {both}" for both in overlaps([span for device in devices for span in on[device]])]
    found += [f"{device} is still ON" for device, board in place.boards.items() if board.is_on(RELAY, OPTO)]
    runs = await fetch("SELECT id, device_id, used_ms, captured_s, amount_s, ended_at IS NOT NULL, held_s FROM run")
    found += [f"run {run[0]} is not over" for run in runs if not run[5]]
    found += [f"run {id_} was lost" for id_ in diary.promised - {run[0] for run in runs}]
    for id_, _, used_ms, captured_s, amount_s, is_over, held_s in runs:
        if is_over and (held_s != 0 or (captured_s or 0) != used_ms // 1000 or used_ms > amount_s * 1000):
            found.append(f"run {id_}: {used_ms} ms used, {captured_s} s captured of {amount_s}, {held_s} held")
    for device, times in on.items():
        charged_ms = sum(run[2] for run in runs if run[1] == device)
        measured_ms = sum(span.until_us - span.from_us for span in times) / 1000
        if charged_ms > measured_ms + len(times):  # the firmware's clock has whole milliseconds
            found.append(f"{device}: {charged_ms} ms charged, {measured_ms:.0f} ms at the relay")
    try:
        await assert_books_balance()
    except AssertionError as error:
        found.append(f"the ledger does not add up: {error}")
    return found
