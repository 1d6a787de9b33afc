"""Expected refusals: values with a stable code that the API returns and the pages put into words."""

from enum import StrEnum


class Refusal(StrEnum):
    NOT_FOUND = "not_found"
    """No such thing, or not the viewer's to see: the answer is the same."""
    NOT_ALLOWED = "not_allowed"
    """The viewer sees it, but the role may not do this."""
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ALREADY_RESOLVED = "already_resolved"
    TOO_LONG = "too_long"
    END_IN_THE_PAST = "end_in_the_past"
    WRONG_CREDENTIALS = "wrong_credentials"
    SUSPENDED = "suspended"
