"""An RTSP address is taken apart once; what is wrong with it has a name, and nothing of this computer is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cameras.address import AddressFault, CameraAddress, is_no_cameras_place, take_apart
from domain.cameras.makes import Make


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("rtsp://192.168.1.64/live", CameraAddress("192.168.1.64", 554, "/live")),
        ("  RTSP://cam.lan:8554/a/b?x=1 ", CameraAddress("cam.lan", 8554, "/a/b?x=1")),
        ("rtsp://admin:p%40ss%3Aw@10.0.0.9/1", CameraAddress("10.0.0.9", 554, "/1", "admin", "p@ss:w")),
        ("rtsp://admin:a@b@10.0.0.9/1", CameraAddress("10.0.0.9", 554, "/1", "admin", "a@b")),
        ("rtsp://[fd00::7]:8554/1", CameraAddress("fd00::7", 8554, "/1")),
        ("192.168.1.64", CameraAddress("192.168.1.64", 554, "/")),
        ("rtsp://cam.lan./live", CameraAddress("cam.lan", 554, "/live")),
    ],
)
def test_an_address_is_taken_apart(typed: str, read: CameraAddress) -> None:
    assert take_apart(typed) == read


def test_a_bare_host_gets_its_makers_usual_path() -> None:
    assert take_apart("192.168.1.64", Make.HIKVISION) == CameraAddress("192.168.1.64", 554, "/Streaming/Channels/101")


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", AddressFault.EMPTY),
        ("rtsp://" + "a" * 600, AddressFault.TOO_LONG),
        ("rtsp://cam.lan/a b", AddressFault.CHARACTERS),
        ("rtsp://cam.lan/a\r\nX: y", AddressFault.CHARACTERS),
        ("rtsp://कैमरा/1", AddressFault.CHARACTERS),
        ("http://192.168.1.64/", AddressFault.SCHEME),
        ("file:///etc/passwd", AddressFault.SCHEME),
        ("rtsp:///live", AddressFault.HOST),
        ("rtsp://-&-/live", AddressFault.HOST),
        ("rtsp://2130706433/live", AddressFault.HOST),
        ("rtsp://127.1/live", AddressFault.HOST),
        ("rtsp://0x7f.0x0.0x0.0x1/live", AddressFault.HOST),
        ("rtsp://cam.lan?x=1", AddressFault.HOST),
        ("rtsp://cam.lan:0/live", AddressFault.PORT),
        ("rtsp://cam.lan:99999/live", AddressFault.PORT),
        ("rtsp://cam.lan:/live", AddressFault.PORT),
    ],
)
def test_what_is_no_address_is_refused_with_its_fault(typed: str, fault: AddressFault) -> None:
    assert take_apart(typed) is fault


@given(st.text(max_size=80))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    found = take_apart(typed)
    assert isinstance(found, AddressFault) or (found.host and 0 < found.port < 65_536 and found.path.startswith("/"))


def test_what_is_shown_names_nobody_and_what_is_asked_names_the_number() -> None:
    address = CameraAddress("cam.lan", 554, "/live", "admin", "p@ss/word")
    assert address.shown == "rtsp://cam.lan:554/live"
    assert address.url_at("10.0.0.9") == "rtsp://admin:p%40ss%2Fword@10.0.0.9:554/live"
    assert "word" not in repr(address)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20))
def test_a_password_survives_the_way_into_the_address_and_back(password: str) -> None:
    asked = CameraAddress("10.0.0.9", 554, "/live", "admin", password).url_at("10.0.0.9")
    read = take_apart(asked)
    assert isinstance(read, CameraAddress) and read.password == password


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "224.0.0.1", "ff02::1",  # noqa: S104
        "255.255.255.255",
        "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "::127.0.0.1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_no_camera_is_there(number: str) -> None:
    assert is_no_cameras_place(number)


@pytest.mark.parametrize("number", ["192.168.1.64", "10.0.0.9", "172.16.5.4", "169.254.10.9", "203.0.113.9", "fd00::7"])
def test_private_networks_are_where_cameras_live(number: str) -> None:
    assert not is_no_cameras_place(number)


def test_a_virtual_camera_may_be_on_this_computer_where_that_is_allowed() -> None:
    assert not is_no_cameras_place("127.0.0.1", loopback_allowed=True)
    assert is_no_cameras_place("169.254.169.254", loopback_allowed=True)
