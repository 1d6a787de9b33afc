"""The motor lease on the controller: when the server's word lets the motor be ON. Pure: the time is an argument.

A *grant* is permission for a while, counted from the moment the controller **sent** the state that the grant echoes;
a grant that lay in a queue is dead on arrival. A *fence* is a number that the server raises with every stop. Every OFF
is latched: only a grant that echoes a state sent after it can light the motor again. See docs/PROTOCOL.md.
"""

from core import ticks

SENT_KEPT = 16
GRANTS_KEPT = 16
RUNS_KEPT = 8
BUDGET_MAX_MS = 86_400_000
FENCE_MAX = 2**53
ID_MAX = 64

# Why a grant or a stop was refused: the `reason` of its acknowledgement.
RETAINED, MALFORMED, BOOT, SEQ = "retained", "malformed", "boot", "seq"
BEFORE_OFF, FENCE, TTL, LATE, DUPLICATE, OLDER = "before_off", "fence", "ttl", "late", "duplicate", "older"


class Lease:
    """Nothing is granted at first. `cap_ms` is the longest lease that this controller accepts."""

    def __init__(self, boot_id: int, cap_ms: int) -> None:
        self.boot_id, self.cap_ms = boot_id, cap_ms
        self.fence = 0
        self.run_id = None
        self.budget_ms = 0
        self._until = None  # tick at which the lease is over; None when there is none
        self._sent = []  # the last states as (seq, tick)
        self._latched_seq = 0  # grants that echo this state or an older one are too old
        self._granted_seq = 0
        self._seen = []  # ids of the last grants

    def sent(self, seq: int, now: int) -> None:
        """A state leaves now."""
        self._sent = self._sent[-SENT_KEPT + 1 :] + [(seq, now)]

    def is_alive(self, now: int) -> bool:
        """Whether the motor may be ON as far as the server is concerned. Over is over: time can't revive it."""
        if self._until is not None and ticks.is_due(now, self._until):
            self._until = None
        return self._until is not None

    def left_ms(self, now: int) -> int:
        return 0 if self._until is None or not self.is_alive(now) else ticks.diff(self._until, now)

    def latch(self) -> None:
        """The motor is OFF, or must not go ON: the lease is over, and so is every grant under way."""
        self._until = None
        if self._sent:
            self._latched_seq = self._sent[-1][0]

    def grant(self, message: dict, retained: bool, now: int) -> str | None:
        """Takes a grant into force, or returns why not."""
        if retained:
            return RETAINED
        if not _is_grant(message):
            return MALFORMED
        seq = message["echo"]["seq"]
        sent_at = self._sent_at(seq)
        refusal = self._refusal(message, seq, sent_at, now)
        self._seen = self._seen[-GRANTS_KEPT + 1 :] + [message["id"]]
        if refusal or sent_at is None:
            return refusal
        budget_ms = message["budget_ms"]
        if seq == self._granted_seq and message["run_id"] == self.run_id:
            budget_ms = max(budget_ms, self.budget_ms)  # of two answers to one state the extending one holds
        self.fence, self.run_id, self.budget_ms = message["fence"], message["run_id"], budget_ms
        self._until = ticks.add(sent_at, message["ttl_ms"])
        self._granted_seq = seq
        return None

    def stop(self, message: dict, retained: bool) -> str | None:
        """Takes a stop's fence into force and latches, or returns why not. A repeated stop is no refusal."""
        if retained:
            return RETAINED
        fence = message.get("fence", -1)
        if not _is_count(fence, FENCE_MAX):
            return MALFORMED
        if fence < self.fence or (fence == self.fence and self._until is not None):
            return FENCE
        if fence > self.fence:
            self.fence = fence
            self.latch()
        return None

    def _refusal(self, message, seq, sent_at, now) -> str | None:
        if message["echo"]["boot_id"] != self.boot_id:
            return BOOT
        if message["id"] in self._seen:
            return DUPLICATE
        if sent_at is None:
            return SEQ
        if seq <= self._latched_seq:
            return BEFORE_OFF
        if message["fence"] < self.fence:
            return FENCE
        if seq < self._granted_seq:
            return OLDER
        if message["ttl_ms"] > self.cap_ms:
            return TTL
        if ticks.is_due(now, ticks.add(sent_at, message["ttl_ms"])):
            return LATE
        return None

    def _sent_at(self, seq):
        for known, tick in self._sent:
            if known == seq:
                return tick
        return None


class Runs:
    """Milliseconds ON of each run in this boot, from edge to edge; the server charges their growth, nothing else."""

    def __init__(self) -> None:
        self._on_ms = {}
        self._order = []  # the oldest first
        self._run_id = None
        self._since = 0  # the tick up to which is counted

    def count(self, run_id, now: int) -> None:
        """From `now` on the motor is ON for `run_id`, or OFF when that is None; until now it was as said before.

        Must be called at least once in three days while ON.
        """
        if self._run_id is not None:
            self._on_ms[self._run_id] += ticks.diff(now, self._since)
        self._run_id, self._since = run_id, now
        if run_id is not None and run_id not in self._on_ms:
            if len(self._order) == RUNS_KEPT:
                del self._on_ms[self._order.pop(0)]
            self._order.append(run_id)
            self._on_ms[run_id] = 0

    def on_ms(self, run_id) -> int:
        """Up to the last call of `count`."""
        return self._on_ms.get(run_id, 0)


def _is_grant(message) -> bool:
    echo = message.get("echo")
    return (
        isinstance(echo, dict)
        and _is_count(echo.get("boot_id"), FENCE_MAX)
        and _is_count(echo.get("seq"), FENCE_MAX)
        and _is_count(message.get("fence"), FENCE_MAX)
        and _is_count(message.get("ttl_ms"), BUDGET_MAX_MS)
        and _is_count(message.get("budget_ms"), BUDGET_MAX_MS)
        and isinstance(message.get("id"), str)
        and isinstance(message.get("run_id"), str)
        and 0 < len(message["id"]) <= ID_MAX
        and 0 < len(message["run_id"]) <= ID_MAX
    )


def _is_count(value, most) -> bool:
    return type(value) is int and 0 <= value <= most
