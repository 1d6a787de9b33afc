"""Messages under way between one controller and the server: a set, from which each may arrive at any time, any number
of times, in any order, or never.
"""

from typing import NamedTuple

from tools.pump_model.device import FENCE_FLOOR, Device, Grant, Rules, State, Stop, is_dead


class Network(NamedTuple):
    """(age in ticks, message). What is older than the world's longest delay is lost."""

    states: frozenset[tuple[int, State]] = frozenset()
    commands: frozenset[tuple[int, Grant | Stop]] = frozenset()


class Capacity(NamedTuple):
    """How much may be under way; more pushes the oldest out, which is a loss like any other."""

    states: int = 2
    grants: int = 2
    state_delay: int = 2
    """So many ticks a message may be under way at most; later it is lost."""
    grant_delay: int = 3


def sent(network: Network, message: State | Grant | Stop, capacity: Capacity) -> Network:
    if isinstance(message, State):
        return network._replace(states=_with_state(network.states, message, capacity.states))
    return network._replace(commands=_with_command(network.commands, message, capacity.grants))


def aged(network: Network, boot: int | None, capacity: Capacity) -> Network:
    """A tick later. `boot`: in it a new state was numbered, so the numbers of its older ones move down."""
    states = frozenset(
        (age + 1, state._replace(seq=state.seq - (state.boot == boot)))
        for age, state in network.states
        if age < capacity.state_delay
    )
    commands = frozenset(
        (age + 1, message._replace(seq=message.seq - (message.boot == boot)))
        if isinstance(message, Grant)
        else (age, message)
        for age, message in network.commands
        if age < capacity.grant_delay
    )
    return Network(states, commands)


def lowered(network: Network, by: int) -> Network:
    """The server raised its fence by so much."""
    return Network(
        frozenset((age, state._replace(fence=max(FENCE_FLOOR, state.fence - by))) for age, state in network.states),
        frozenset((age, message._replace(fence=message.fence - by)) for age, message in network.commands),
    )


def without_dead(
    network: Network, device: Device, rules: Rules, known: tuple[int, int], *, off_is_news: bool
) -> Network:
    """Without what changes nothing whenever it arrives: states that are not newer than the newest that the server
    knows (boot, number), and commands that the device will refuse for ever.
    """
    return Network(
        frozenset(
            (age, state)
            for age, state in network.states
            if (state.boot, state.seq) > known and (off_is_news or state.on)
        ),
        frozenset(item for item in network.commands if not is_dead(device, item[1], rules)),
    )


def _with_state(states: frozenset[tuple[int, State]], state: State, most: int) -> frozenset[tuple[int, State]]:
    newer = {*states, (0, state)}
    while len(newer) > most:
        newer.remove(max(newer))
    return frozenset(newer)


def _with_command(
    commands: frozenset[tuple[int, Grant | Stop]], command: Grant | Stop, most: int
) -> frozenset[tuple[int, Grant | Stop]]:
    """Of stops only the newest matters, and it doesn't age: the server repeats it until it has arrived."""
    if isinstance(command, Stop):
        return frozenset({item for item in commands if not isinstance(item[1], Stop)} | {(0, command)})
    stops = {item for item in commands if isinstance(item[1], Stop)}
    grants = sorted({item for item in commands - stops if item[1] != command} | {(0, command)}, key=_age)
    return frozenset(stops | set(grants[:most]))


def _age(item: tuple[int, object]) -> int:
    return item[0]
