"""A process that sends one message for real and dies before it can note it: `-m tests.actions.dying_sender URL`."""

import asyncio
import os
import signal
import sys

from actions import keys
from actions.outbox import ways
from actions.outbox.post import Letter, deliver
from actions.outbox.sender import Sender
from domain.ways import Way
from storage import migrate, session
from tests.actions.posting import plain_words
from tests.conftest import SECRET


def deliver_and_die(way: Way, address: str, letter: Letter, message_id: str, offer: ways.Offer) -> None:
    deliver(way, address, letter, message_id, offer)
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str) -> None:
    session.open(migrate.roles_urls(url, SECRET), pool_size=2)
    keys.open(SECRET)
    ways.open(ways.Offer(private_hosts=True))
    await Sender(plain_words, send=deliver_and_die).round()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
