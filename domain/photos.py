"""What a photo of a job may be, and why others are refused."""

from enum import StrEnum

BYTES_MAX = 15 << 20
PIXELS_MAX = 50_000_000
"""The largest that telephones make (8,160 × 6,120); known from the head of a file, before anything is unpacked."""
SIDE_PX, THUMB_PX = 2_048, 480
"""The longer side of what is kept."""
PER_JOB_MAX = 300


class PhotoFault(StrEnum):
    """Why a file is not taken: the first that applies."""

    TOO_LARGE = "too_large"
    HEIC = "heic_photo"
    """Browsers on telephones that take such photos turn them into JPEG where a page asks for it, so no decoder of that
    format stands here in front of files from anywhere.
    """
    NOT_A_PHOTO = "not_a_photo"
    """By its content neither JPEG nor PNG nor WebP, whatever its name says."""
    TOO_MANY_PIXELS = "too_many_pixels"
    DAMAGED = "photo_damaged"
    """It begins like a photo, and can't be drawn to its end."""
    TOO_MANY = "too_many_photos"
