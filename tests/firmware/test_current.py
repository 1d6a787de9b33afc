"""The current clamp: an alternating voltage on a bias, sampled at no fixed place of its wave."""

import math

import pytest

from tests.firmware.by_path import pure

current, ticks = pure("drivers.current"), pure("core.ticks")


class Clamp:
    """What an ADC reads of a wave of 50 Hz; 1.07 ms pass from one reading to the next."""

    def __init__(self, peak: float, bias: float = 32_768) -> None:
        self.peak, self.bias, self._count = peak, bias, 0

    def read_u16(self) -> int:
        self._count += 1
        return max(0, min(65_535, round(self.bias + self.peak * math.sin(2 * math.pi * 50 * 0.00107 * self._count))))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep_ms(ms: int) -> None:
        assert ms > 0

    monkeypatch.setattr(ticks, "sleep_ms", sleep_ms)


@pytest.mark.parametrize("bias", [28_000, 32_768, 36_000])
@pytest.mark.parametrize("peak", [0, 400, 10_000, 25_000])
async def test_the_effective_current_is_found_wherever_the_bias_lies(peak: float, bias: float) -> None:
    read = await current.Current(Clamp(peak, bias), 1.0).read_ma()
    assert read == pytest.approx(peak / math.sqrt(2), rel=0.03, abs=2)


@pytest.mark.parametrize("clamp", [Clamp(60_000), Clamp(0, 0), Clamp(0, 65_535)], ids=["too much", "torn off", "short"])
async def test_an_input_that_no_longer_follows_is_no_current(clamp: Clamp) -> None:
    with pytest.raises(OSError, match="clipped"):
        await current.Current(clamp, 1.0).read_ma()
