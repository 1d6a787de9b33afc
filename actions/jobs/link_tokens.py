"""The token of a customer's link: derived from the link's own id, which is chance, by the installation's secret. So the
database holds only a hash of it, and a notice can still bring the link (docs/decisions/0017).
"""

import hashlib
import hmac
from uuid import UUID

from actions import keys
from domain.jobs import tracking

PURPOSE = "tracking links"


def derived(link_id: UUID) -> bytes:
    """Nobody without the secret tells these 256 bits from chance."""
    return hmac.new(keys.key(PURPOSE), link_id.bytes, hashlib.sha256).digest()


def token_of(link_id: UUID) -> str:
    """The token of a link that was made by this installation's secret."""
    return tracking.token_of(derived(link_id))
