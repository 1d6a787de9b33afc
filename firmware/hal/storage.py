"""What survives a power cut: small values by name, in the flash's NVS partition."""

import json

import esp32

NAME_MAX = 15  # characters of a name, by NVS
VALUE_MAX = 1_900  # bytes of JSON: one NVS page


class Keys:
    """Named JSON values in NVS. Each `set` is atomic: after a power cut the old or the new value is there."""

    def __init__(self, namespace: str = "pitpilot") -> None:
        self._nvs = esp32.NVS(namespace)
        self._buffer = bytearray(VALUE_MAX)  # taken once: later there may be no piece of memory of this size

    def get(self, name: str, default=None):
        """The value, or `default` when there is none or it can't be read."""
        try:
            length = self._nvs.get_blob(name, self._buffer)
            return json.loads(bytes(memoryview(self._buffer)[:length]))
        except (OSError, ValueError):
            return default

    def set(self, name: str, value) -> None:
        """Stores a value. Raises ValueError when the name or the value is too long, OSError when the flash is full."""
        data = json.dumps(value).encode()
        if len(name) > NAME_MAX or len(data) > VALUE_MAX:
            raise ValueError("too long to store: %s, %d bytes" % (name, len(data)))
        self._nvs.set_blob(name, data)
        self._nvs.commit()

    def delete(self, *names: str) -> None:
        """Forgets values; one that isn't there is no error."""
        for name in names:
            try:
                self._nvs.erase_key(name)
            except OSError:
                continue
        self._nvs.commit()

    def count_up(self, name: str) -> int:
        """One more than stored, stored before it is returned: a counter that only grows."""
        value = (self.get(name) or 0) + 1
        self.set(name, value)
        return value
