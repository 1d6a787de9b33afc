"""Breadth-first search over a finite world: finds the shortest way to a bad state, or proves that there is none."""

import gc
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Successors = Callable[[State], Iterable[tuple[str, State]]]


@dataclass(frozen=True, slots=True)
class Verdict(Generic[State]):
    """What a search found. `fault` is None when every reachable state is good."""

    states: int
    transitions: int
    fault: str | None
    trace: tuple[str, ...]
    """The actions that lead to the fault, the shortest way."""
    complete: bool
    """Every reachable state was seen. Only then does "no fault" prove anything."""

    @property
    def caught(self) -> bool:
        return self.fault is not None


def search(
    starts: Iterable[State], successors: Successors[State], fault_of: Callable[[State], str | None], states_max: int
) -> Verdict[State]:
    """Looks at every state that can be reached, at most `states_max` of them."""
    with _without_collector():
        return _search(starts, successors, fault_of, states_max)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of tuples that all stay: looking through them again and again would take most of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _search(
    starts: Iterable[State], successors: Successors[State], fault_of: Callable[[State], str | None], states_max: int
) -> Verdict[State]:
    came_from: dict[State, tuple[State, str] | None] = dict.fromkeys(starts)
    waiting = deque(came_from)
    transitions = 0
    while waiting:
        state = waiting.popleft()
        if (fault := fault_of(state)) is not None:
            return Verdict(len(came_from), transitions, fault, _way(came_from, state), False)
        for action, after in successors(state):
            transitions += 1
            if after not in came_from:
                if len(came_from) >= states_max:
                    return Verdict(len(came_from), transitions, None, (), False)
                came_from[after] = (state, action)
                waiting.append(after)
    return Verdict(len(came_from), transitions, None, (), True)


def _way(came_from: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    actions = []
    while (step := came_from[state]) is not None:
        state, action = step
        actions.append(action)
    return tuple(reversed(actions))
