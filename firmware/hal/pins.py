"""Pins by what they mean. Every output is active high, so that an external pull-down means OFF; see docs/guides."""

from machine import Pin


def drive_off(numbers) -> None:
    """Drives these pins OFF, whoever else has used them."""
    for number in numbers:
        Pin(number, Pin.OUT, value=0)


class Output:
    """A digital output, driven OFF the moment it is made."""

    def __init__(self, number: int) -> None:
        self._pin = Pin(number, Pin.OUT, value=0)

    def set(self, is_on: bool) -> None:
        self._pin.value(1 if is_on else 0)

    def is_on(self) -> bool:
        """The level at the pin itself, not what was last asked for."""
        return bool(self._pin.value())


class NoOutput:
    """In place of an output that isn't wired."""

    def set(self, is_on: bool) -> None:
        """There is nothing to drive."""

    def is_on(self) -> bool:
        return False


class Input:
    """A digital input that means yes at `yes_level`, and is pulled to no: a broken wire is a no."""

    def __init__(self, number: int, yes_level: int = 1) -> None:
        self._yes_level = yes_level
        pull = Pin.PULL_DOWN if yes_level else Pin.PULL_UP
        # GPIO34–39 have no pull of their own: the wiring guide asks for an external one there.
        self._pin = Pin(number, Pin.IN, pull) if number < 34 else Pin(number, Pin.IN)

    def is_yes(self) -> bool:
        return self._pin.value() == self._yes_level
