"""Every driver once more in the real interpreter, where integers, floats and bytes are MicroPython's."""

import json
import subprocess
from pathlib import Path

import pytest

from tools.virtual_board import find_interpreter

SCRIPT = """
import sys, json, asyncio
sys.path[:0] = [{fakes!r}, {program!r}]
from core import ticks
from drivers import bme280, bme680, current, dht22, mfrc522, pms5003
from drivers.air_index import AirIndex
from drivers.fault import SensorFault
import bosch, cards, dht, dust

AIR = dict(t_c=24.6, rh_pct=52.1, p_hpa=948.3, gas_ohm=25000.0, pm1=4, pm25=8, pm10=12)
now = [0]
clock = ticks.Clock(lambda: now[0])

async def sleep_ms(ms):
    now[0] += ms

ticks.sleep_ms = sleep_ms

class Clamp:
    def __init__(self):
        self.n = 0
    def read_u16(self):
        self.n += 1
        return 32768 + (1000 if self.n % 2 else -1000)

async def read(driver):
    try:
        return await driver.read()
    except SensorFault as fault:
        return fault.reason

async def main():
    said = {{}}
    for name, chip, driver in (
        ("bme280", bosch.Bme280Chip(lambda: AIR), bme280.Bme280),
        ("bme680", bosch.Bme680Chip(lambda: AIR), lambda chip: bme680.Bme680(chip, AirIndex(50000))),
    ):
        sensor = driver(chip)
        said[name] = await read(sensor)
        chip.fault = "silent"
        said[name + " broken"] = await read(sensor)
    line = dht.Dht22Line(lambda: AIR)
    sensor = dht22.Dht22(None, line.readinto, clock)
    said["dht22"] = await read(sensor)
    now[0] += 2000
    line.fault = "ones"
    said["dht22 broken"] = await read(sensor)
    line = dust.Pms5003Line(lambda: AIR, clock)
    sensor = pms5003.Pms5003(line, clock)
    said["pms5003 cold"] = await read(sensor)
    now[0] += 30000
    said["pms5003"] = await read(sensor)
    line.fault = "cut"
    said["pms5003 broken"] = await read(sensor)
    chip = cards.CardReaderChip(bytes(range(1, 8)))
    reader = mfrc522.CardReader(chip, chip)
    said["card"] = await reader.read()
    chip.fault = "noise"
    said["card broken"] = await reader.read()
    said["current"] = await current.Current(Clamp(), 2.0).read_ma()
    print(json.dumps(said))

asyncio.run(main())
"""


def test_each_driver_reads_and_refuses_as_it_does_elsewhere(shipped: Path) -> None:
    script = SCRIPT.format(fakes=str(shipped / "fakes"), program=str(shipped))
    done = subprocess.run([*find_interpreter(), "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr + done.stdout
    said = json.loads(done.stdout)
    climate = {"t_c": 24.6, "rh_pct": 52.1, "p_hpa": 948.3}
    assert said["bme280"] == pytest.approx(climate, abs=0.05)
    assert said["bme680"] == pytest.approx({**climate, "iaq": 100}, abs=1)
    assert said["dht22"] == pytest.approx({"t_c": 24.6, "rh_pct": 52.1})
    assert said["pms5003"] == {"pm1": 4, "pm25": 8, "pm10": 12}
    assert (said["card"], said["card broken"], said["current"]) == ("01020304050607", None, 2_000)
    assert [said[f"{name} broken"] for name in ("bme280", "bme680", "dht22", "pms5003")] == [
        *("no_answer", "no_answer", "checksum", "checksum")
    ]
    assert said["pms5003 cold"] == "warming_up"
