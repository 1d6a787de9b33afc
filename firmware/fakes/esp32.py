"""The flash's NVS partition as MicroPython shows it: in a file of the working folder, committed as a whole."""

import binascii
import json
import os

_FILE = "nvs.json"
_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND
_NAME_MAX = 15


def _load() -> dict:
    try:
        with open(_FILE) as file:
            return json.load(file)
    except OSError:
        return {}


_all = _load()  # by namespace; every NVS object sees the same flash


class NVS:
    def __init__(self, namespace: str) -> None:
        self._values = _all.setdefault(namespace, {})

    def set_blob(self, name: str, data: bytes) -> None:
        if len(name) > _NAME_MAX:
            raise OSError("ESP_ERR_NVS_KEY_TOO_LONG")
        self._values[name] = binascii.hexlify(data).decode()

    def get_blob(self, name: str, buffer: bytearray) -> int:
        if name not in self._values:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        data = binascii.unhexlify(self._values[name])
        if len(data) > len(buffer):
            raise OSError("ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(data)] = data
        return len(data)

    def set_i32(self, name: str, value: int) -> None:
        self.set_blob(name, value.to_bytes(8, "little"))

    def get_i32(self, name: str) -> int:
        buffer = bytearray(8)
        self.get_blob(name, buffer)
        return int.from_bytes(buffer, "little")

    def erase_key(self, name: str) -> None:
        if name not in self._values:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        del self._values[name]

    def commit(self) -> None:
        with open(_FILE + ".new", "w") as file:
            json.dump(_all, file)
        os.rename(_FILE + ".new", _FILE)
