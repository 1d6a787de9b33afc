"""How failures slow down whoever guesses: some are free, then each doubles the wait, up to a longest one.

The wait ends by itself, so nobody is locked out for good; failures are forgotten after a quiet day.
"""

from dataclasses import dataclass
from datetime import timedelta

FORGET_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` failures cost nothing but themselves; the next wait is `first_wait_s`, and each one after it twice as
    long, up to `longest_wait_s`.
    """

    free: int
    first_wait_s: int
    longest_wait_s: int

    def wait_s(self, failures: int) -> int:
        """Seconds to wait after so many failures in a row."""
        over = failures - self.free
        if over < 0:
            return 0
        return min(self.first_wait_s << min(over, 20), self.longest_wait_s)


PAIR = Pace(5, 5, 900)
"""One account from one address: about 100 guesses a day. The same for a browser that is known to the account."""
ACCOUNT = Pace(30, 2, 60)
"""One account from all unknown addresses together: the wait stays short, because its owner may be among them."""
ADDRESS = Pace(60, 2, 60)
"""One address trying all kinds of accounts; a workshop's people may share one."""
ASKING = Pace(5, 60, 3_600)
"""What anybody may ask for without an account, by address: registering a tenant, a new password."""
