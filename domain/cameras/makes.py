"""Makers of cameras, and the paths under which theirs usually speak RTSP."""

from collections.abc import Mapping
from enum import StrEnum


class Make(StrEnum):
    HIKVISION = "hikvision"
    ONVIF = "onvif"
    """Any maker that follows ONVIF; the path is the device's own."""
    OTHER = "other"


PATHS: Mapping[Make, tuple[str, ...]] = {
    Make.HIKVISION: ("/Streaming/Channels/101", "/Streaming/Channels/102"),
    Make.ONVIF: ("/onvif1", "/onvif2", "/stream1", "/stream2", "/live/ch0", "/h264Preview_01_main"),
    Make.OTHER: ("/", "/live", "/stream"),
}
"""The main stream first. Hikvision's 101 is channel 1, main stream; 102 its smaller one."""


def first_path(make: Make) -> str:
    return PATHS[make][0]
