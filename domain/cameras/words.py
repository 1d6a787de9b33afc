"""What is refused about cameras, beside addresses, hours and pictures."""

from enum import StrEnum


class CameraRefusal(StrEnum):
    PASSWORD_AGAIN = "camera_password_again"  # noqa: S105  # a code, no secret
    """Another host, port or user name: the stored password goes nowhere that it was not typed for."""
    LOGIN_TOO_LONG = "camera_login_too_long"
    TOO_MANY = "camera_too_many"
    OUT_OF_RANGE = "camera_out_of_range"
    """Stills more seldom or kept longer than is offered."""
    NO_STILL = "camera_no_still"
    """None was kept yet, or not any more."""
    TOKEN_WRONG = "video_token_wrong"  # noqa: S105  # likewise
    """Not ours, over, or for another camera or viewer: ask for another."""
