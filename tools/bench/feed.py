"""Sending the load generator's messages, each run of them with numbers of its own, so that its rows can be told from
those of other runs.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.private_mosquitto import PrivateMosquitto
from tools.bench import children
from tools.bench.messages import read_times
from tools.bench.stored import Sending

BEYOND_S = 60.0  # how much longer than planned a sending may take


@dataclass(frozen=True, slots=True)
class Sent:
    """`at_us` by message: microseconds since 1970 UTC."""

    acked: int
    at_us: Sequence[int]


class Feed:
    """The load of a world's devices."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder, self._names, self._next_seq = folder, names, 1
        self._file = folder / "names"
        self._file.write_text("\n".join(names))

    def plan(self, count: int) -> Sending:
        """The next messages, one of each device in turn."""
        sending = Sending(self._names, count, self._next_seq)
        self._next_seq = sending.seqs.stop
        return sending

    async def send(self, broker: PrivateMosquitto, sending: Sending, rate: float = 0.0, *, calm: bool = False) -> Sent:
        """Sends them at `rate` a second (0: as fast as the broker takes them) until all are acknowledged; `calm`:
        without dust, so that no alert fires.

        Raises:
            ChildFailed: the load generator did not come to its end.
        """
        times = self._folder / "times"
        planned_s = sending.count / rate if rate else 0.0
        arguments = [
            "-m", "tools.bench.load", "--port", str(broker.port), "--names", str(self._file),
            "--count", str(sending.count), "--first-seq", str(sending.first_seq), "--rate", str(rate),
            "--times", str(times), "--max-s", str(planned_s + BEYOND_S), *(["--calm"] if calm else []),
        ]  # fmt: skip
        told = json.loads(await children.run("load", arguments, self._folder, planned_s + BEYOND_S))
        return Sent(told["acked"], read_times(times))
