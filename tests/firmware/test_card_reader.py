"""The card reader against an MFRC522's registers: cards of every length, none, noise, and no reader at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.by_path import pure

mfrc522, cards = pure("drivers.mfrc522"), pure("fakes.cards")


@pytest.mark.parametrize("uid", ["DEADBEEF", "04A1B2C3D4E5F6", "0102030405060708090A"])
async def test_a_cards_number_is_read_as_often_as_it_is_asked_for(uid: str) -> None:
    chip = cards.CardReaderChip(bytes.fromhex(uid))
    reader = mfrc522.CardReader(chip, chip)
    assert [await reader.read() for _ in range(3)] == [uid] * 3


async def test_a_card_comes_and_goes_and_the_next_one_is_another() -> None:
    chip = cards.CardReaderChip()
    reader = mfrc522.CardReader(chip, chip)
    seen = []
    for card in (None, b"\x01\x02\x03\x04", None, b"\x05\x06\x07\x08"):
        chip.card = card
        seen.append(await reader.read())
    assert seen == [None, "01020304", None, "05060708"]


@pytest.mark.parametrize("kind", ["deaf", "noise"])
async def test_a_disturbed_answer_is_no_card(kind: str) -> None:
    chip = cards.CardReaderChip(b"\x01\x02\x03\x04")
    reader = mfrc522.CardReader(chip, chip)
    chip.fault = kind
    assert await reader.read() is None
    chip.fault = None
    assert await reader.read() == "01020304"


async def test_a_reader_that_is_not_there_is_said_and_one_that_lost_its_power_is_set_up_again() -> None:
    chip = cards.CardReaderChip(b"\x01\x02\x03\x04")
    reader = mfrc522.CardReader(chip, chip)
    assert await reader.read() == "01020304"
    chip.fault = "absent"
    with pytest.raises(OSError, match="no card reader"):
        await reader.read()
    chip.fault = None
    chip.power_up()
    assert await reader.read() == "01020304"


@given(st.binary(max_size=40))
def test_our_checksum_is_that_of_the_standard(data: bytes) -> None:
    assert mfrc522._with_crc(data) == cards.with_crc(data)
    assert mfrc522._with_crc(mfrc522._with_crc(data))[-2:] == b"\x00\x00", "over data and checksum it is zero"
