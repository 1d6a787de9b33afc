"""DHT22, BME280 and BME680 against frames and registers: right, cut short, garbled, stuck or impossible."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.by_path import pure
from tests.firmware.driver_time import Time, refused, time

__all__ = ["time"]  # the fixture

fault = pure("drivers.fault")
dht22, bme280, bme680 = pure("drivers.dht22"), pure("drivers.bme280"), pure("drivers.bme680")
air_index, dht, bosch = pure("drivers.air_index"), pure("fakes.dht"), pure("fakes.bosch")

AIR = {"t_c": 24.6, "rh_pct": 52.1, "p_hpa": 948.3, "gas_ohm": 50_000.0}
CHIPS: Mapping[str, Callable[[dict[str, Any]], tuple[Any, Any]]] = {
    "bme280": lambda air: (chip := bosch.Bme280Chip(lambda: air), bme280.Bme280(chip)),
    "bme680": lambda air: (chip := bosch.Bme680Chip(lambda: air), bme680.Bme680(chip, air_index.AirIndex(50_000))),
}


def test_the_data_sheets_frame_of_a_dht22_is_read() -> None:
    assert dht22.decode(bytes.fromhex("028C015FEE")) == {"rh_pct": 65.2, "t_c": 35.1}
    assert dht22.decode(dht.frame(-10.1, 0)) == {"rh_pct": 0, "t_c": -10.1}


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("028C015FEF", "checksum"),
        ("FFFFFFFFFC", "out_of_range"),  # every bit reads as one
        ("FFFFFFFFFF", "checksum"),
        ("0000000000", "no_answer"),  # held low: its sum is right
        ("03E9000AF6", "out_of_range"),  # 100.1 %
        ("0100032226", "out_of_range"),  # 80.2 °C
        ("0100819214", "out_of_range"),  # −40.2 °C
    ],
)
def test_a_dht22s_frame_that_cannot_be_true_is_refused(frame: str, reason: str) -> None:
    with pytest.raises(fault.SensorFault) as raised:
        dht22.decode(bytes.fromhex(frame))
    assert raised.value.reason == reason


@given(st.binary(min_size=5, max_size=5))
def test_whatever_comes_on_the_wire_is_refused_or_plausible(frame: bytes) -> None:
    try:
        values = dht22.decode(frame)
    except fault.SensorFault:
        return
    assert -40 <= values["t_c"] <= 80
    assert 0 <= values["rh_pct"] <= 100
    assert sum(frame[:4]) & 0xFF == frame[4]


@given(st.integers(-400, 800), st.integers(0, 1_000))
def test_every_value_of_a_dht22_survives_the_wire(tenths_c: int, tenths_pct: int) -> None:
    if tenths_c or tenths_pct:
        read = dht22.decode(dht.frame(tenths_c / 10, tenths_pct / 10))
        assert read == {"t_c": tenths_c / 10, "rh_pct": tenths_pct / 10}


async def test_a_dht22_is_left_alone_for_two_seconds_and_its_silence_is_noticed(time: Time) -> None:
    line = dht.Dht22Line(lambda: AIR)
    sensor = dht22.Dht22(None, line.readinto, time.clock)
    assert await sensor.read() == {"t_c": 24.6, "rh_pct": 52.1}
    time.ms = 1_999
    assert await refused(sensor.read()) == "too_soon"
    time.ms, line.fault = 2_000, "silent"
    assert await refused(sensor.read()) == "no_answer"


async def test_a_dht22_that_repeats_itself_for_half_an_hour_is_stuck(time: Time) -> None:
    line = dht.Dht22Line(lambda: AIR)
    sensor = dht22.Dht22(None, line.readinto, time.clock)
    for _ in range(dht22.UNCHANGED_MAX):
        await sensor.read()
        time.ms += 5_000
    assert await refused(sensor.read()) == "stuck"
    line.air = lambda: {**AIR, "t_c": 24.7}
    time.ms += 5_000
    assert (await sensor.read())["t_c"] == 24.7


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize(
    ("t_c", "rh_pct", "p_hpa"), [(24.6, 52.1, 948.3), (-39, 3, 1_090), (0, 50, 1_013), (84, 95, 310)]
)
async def test_what_the_data_sheets_floating_formulas_put_into_a_chip_our_fixed_ones_read(
    name: str, t_c: float, rh_pct: float, p_hpa: float
) -> None:
    _, sensor = CHIPS[name]({**AIR, "t_c": t_c, "rh_pct": rh_pct, "p_hpa": p_hpa})
    read = await sensor.read()
    assert read["t_c"] == pytest.approx(t_c, abs=0.02)
    assert read["rh_pct"] == pytest.approx(rh_pct, abs=0.1)
    assert read["p_hpa"] == pytest.approx(p_hpa, abs=0.1)


def test_the_bmp280_data_sheets_worked_example_comes_out() -> None:
    fine = bme280.fine_temperature(bosch.Bme280Chip.T, 519_888)
    assert (fine * 5 + 128) >> 8 == 2_508
    assert bme280.pressure_pa_256(bosch.Bme280Chip.P, fine, 415_148) / 256 == pytest.approx(100_653.27, abs=0.05)


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize(
    ("kind", "reason"), [("silent", "no_answer"), ("ones", "wrong_chip"), ("busy", "stuck"), ("stuck", "stuck")]
)
async def test_a_bosch_chip_that_fails_says_how_and_recovers(name: str, kind: str, reason: str) -> None:
    air = {**AIR}
    chip, sensor = CHIPS[name](air)
    chip.fault = kind
    if kind == "stuck":
        chip.fault = None
        await sensor.read()
        chip.fault = kind
        for _ in range(bme280.UNCHANGED_MAX - 1):
            await sensor.read()
    assert await refused(sensor.read()) == reason
    chip.fault = None
    air["t_c"] = 24.9
    assert (await sensor.read())["t_c"] == pytest.approx(24.9, abs=0.02)


async def test_a_bosch_chip_whose_bits_all_read_as_one_is_out_of_range() -> None:
    chip, sensor = CHIPS["bme280"]({**AIR})
    await sensor.read()
    chip.fault = "ones"
    chip.registers[0xF3] = 0
    with pytest.raises(fault.SensorFault):
        await sensor.read()


@given(st.integers(0, 2**20 - 1), st.integers(0, 2**20 - 1), st.integers(0, 2**16 - 1))
def test_whatever_stands_in_a_chips_registers_is_refused_or_plausible(t: int, p: int, h: int) -> None:
    for module, chip in ((bme280, bosch.Bme280Chip(dict)), (bme680, bosch.Bme680Chip(dict))):
        raw = chip.registers
        parts = (raw[0x88:0xA2], raw[0xE1:0xE8]) if module is bme280 else (raw[0x8A:0xA1], raw[0xE1:0xEF], raw[0:5])
        try:
            values = module.compensate(module.Calibration(*map(bytes, parts)), t, p, h)
        except fault.SensorFault:
            continue
        assert -40 <= values["t_c"] <= 85
        assert 300 <= values["p_hpa"] <= 1_100
        assert 0 <= values["rh_pct"] <= 100


@pytest.mark.parametrize("ohm", [500.0, 12_345.0, 50_000.0, 1_234_567.0, 10_000_000.0])
def test_a_gas_resistance_comes_through_its_range(ohm: float) -> None:
    chip = bosch.Bme680Chip(dict)
    low, code = chip._gas(ohm)[0], chip._gas(ohm)[1]
    raw = chip.registers
    calibration = bme680.Calibration(bytes(raw[0x8A:0xA1]), bytes(raw[0xE1:0xEF]), bytes(raw[0:5]))
    assert bme680.gas_ohm(calibration, low << 2 | code >> 6, code & 0x0F) == pytest.approx(ohm, rel=0.01)


async def test_a_heater_that_did_not_get_hot_gives_no_index_but_all_else() -> None:
    _, sensor = CHIPS["bme680"]({**AIR, "gas_ohm": None})
    assert set(await sensor.read()) == {"t_c", "rh_pct", "p_hpa"}


@pytest.mark.parametrize(("ms", "code"), [(1, 1), (63, 63), (150, 0x40 | 37), (4_032, 0xC0 | 63)])
def test_a_heating_time_is_written_as_the_chip_reads_it(ms: int, code: int) -> None:
    assert bme680.wait_code(ms) == code


def test_the_air_index_rises_as_the_resistance_halves_and_waits_for_the_burn_in() -> None:
    fresh = air_index.AirIndex()
    assert [fresh.say(40_000) for _ in range(air_index.BURN_IN)] == [None] * air_index.BURN_IN
    assert fresh.say(40_000) == pytest.approx(25)
    assert fresh.say(20_000) == pytest.approx(100, abs=0.1)
    assert fresh.say(1) == 500
    assert fresh.say(80_000) == pytest.approx(25), "the cleanest air so far"
    assert air_index.AirIndex(80_000).say(80_000) == pytest.approx(25), "kept over a restart"
