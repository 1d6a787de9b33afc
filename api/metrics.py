"""What `/metrics` shows, read from the running parts at each scrape. The parts are described, not imported: ingest
and API know nothing of each other.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from actions.live import Hub


class TaskState(Protocol):
    """A supervised task."""

    @property
    def name(self) -> str: ...
    @property
    def running(self) -> bool: ...
    @property
    def falls(self) -> int: ...
    @property
    def last_error(self) -> str: ...
    def is_well(self, now_s: float) -> bool: ...


class SupervisorState(Protocol):
    @property
    def health(self) -> Mapping[str, TaskState]: ...


class ConsumerCounters(Protocol):
    """What a consumer did since its start; `commit_s` in seconds."""

    @property
    def messages(self) -> int: ...
    @property
    def readings(self) -> int: ...
    @property
    def stored(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def batches(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def commit_s(self) -> float: ...


class ConsumerState(Protocol):
    @property
    def counters(self) -> ConsumerCounters: ...


class LinkState(Protocol):
    """The connection to the broker."""

    @property
    def connected(self) -> bool: ...
    @property
    def received(self) -> int: ...
    @property
    def acknowledged(self) -> int: ...
    @property
    def outstanding(self) -> int: ...
    @property
    def reconnects(self) -> int: ...
    @property
    def dropped_publishes(self) -> int: ...


class OutboxState(Protocol):
    """What the sender of messages did since its start."""

    @property
    def sent(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def given_up(self) -> int: ...
    @property
    def withdrawn(self) -> int: ...


class SenderState(Protocol):
    """The way to devices."""

    @property
    def sent(self) -> int: ...
    @property
    def failed(self) -> int: ...


class TickerState(Protocol):
    @property
    def leads(self) -> bool: ...


class HealthState(Protocol):
    """The running parts; None is a part that this process does not have."""

    @property
    def supervisor(self) -> SupervisorState: ...
    @property
    def consumer(self) -> ConsumerState | None: ...
    @property
    def intake(self) -> ConsumerState | None: ...
    @property
    def link(self) -> LinkState | None: ...
    @property
    def ticker(self) -> TickerState | None: ...
    @property
    def outbox(self) -> OutboxState | None: ...
    @property
    def sender(self) -> SenderState | None: ...


class StateCollector(Collector):
    """Turns the running parts, and further numbers of now by their names, into metrics."""

    def __init__(self, state: HealthState, hub: Hub, numbers: Mapping[str, float]) -> None:
        self._state, self._hub, self._numbers = state, hub, numbers

    def collect(self) -> Iterator[Metric]:
        state = self._state
        yield from _tasks(state.supervisor)
        yield from _consumers({"mqtt": state.consumer, "http": state.intake})
        if state.link is not None:
            yield from _link(state.link)
        if state.ticker is not None:
            yield _gauge("ticker_leads", "1 if this process does what is due by the clock.", state.ticker.leads)
        if state.outbox is not None:
            yield from _outbox(state.outbox)
        if state.sender is not None:
            yield _counter("commands_sent", "Messages to devices that the broker took.", state.sender.sent)
            yield _counter("commands_failed", "Messages to devices that it did not take in time.", state.sender.failed)
        yield _gauge("hub_pits", "Pits whose latest values are in memory.", len(self._hub.pits))
        for name, value in self._numbers.items():
            yield _gauge(name, f"Number of {name.replace('_', ' ')} now.", value)


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(f"pitpilot_{name}", help_, value=float(value))


def _counter(name: str, help_: str, value: float) -> Metric:
    return CounterMetricFamily(f"pitpilot_{name}", help_, value=float(value))


def _tasks(supervisor: SupervisorState) -> Iterator[Metric]:
    well = GaugeMetricFamily("pitpilot_task_well", "1 if the task runs and has not fallen lately.", labels=["task"])
    falls = CounterMetricFamily("pitpilot_task_falls", "How often the task fell.", labels=["task"])
    now_s = time.monotonic()
    for task in supervisor.health.values():
        well.add_metric([task.name], float(task.is_well(now_s)))
        falls.add_metric([task.name], task.falls)
    yield well
    yield falls


_CONSUMED = {
    "messages": "Messages received.",
    "readings": "Readings received.",
    "stored": "Readings stored for the first time.",
    "rejected": "Messages and readings refused.",
    "batches": "Transactions committed.",
    "failures": "Transactions that failed and were tried again.",
}


def _consumers(consumers: Mapping[str, ConsumerState | None]) -> Iterator[Metric]:
    present = {way: consumer.counters for way, consumer in consumers.items() if consumer is not None}
    for name, help_ in _CONSUMED.items():
        family = CounterMetricFamily(f"pitpilot_ingest_{name}", help_, labels=["way"])
        for way, counters in present.items():
            family.add_metric([way], getattr(counters, name))
        yield family
    seconds = CounterMetricFamily("pitpilot_ingest_commit_seconds", "Time spent in transactions.", labels=["way"])
    for way, counters in present.items():
        seconds.add_metric([way], counters.commit_s)
    yield seconds


def _outbox(outbox: OutboxState) -> Iterator[Metric]:
    yield _counter("messages_sent", "Messages to people that were taken.", outbox.sent)
    yield _counter("messages_failed", "Attempts to send a message in vain.", outbox.failed)
    yield _counter("messages_given_up", "Messages that only a person starts again.", outbox.given_up)
    yield _counter("messages_withdrawn", "Messages that nobody needed any more.", outbox.withdrawn)


def _link(link: LinkState) -> Iterator[Metric]:
    yield _gauge("broker_connected", "1 if the broker sends us what devices publish.", link.connected)
    yield _gauge("broker_outstanding", "Messages received and not acknowledged yet.", link.outstanding)
    yield _counter("broker_received", "Messages received from the broker.", link.received)
    yield _counter("broker_acknowledged", "Messages acknowledged after COMMIT.", link.acknowledged)
    yield _counter("broker_reconnects", "How often the connection was taken up again.", link.reconnects)
    yield _counter("broker_dropped", "Messages to devices that could not be sent.", link.dropped_publishes)
