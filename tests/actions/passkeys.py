"""What tests of passkeys share: people with a software authenticator, questions and answers."""

from datetime import datetime

from actions.people import Seat, SignedIn
from actions.people.passkey_answers import Asked
from actions.people.passkey_sign_in import ask_for_passkey, sign_in_by_passkey
from actions.people.passkeys import PasskeyRow, add_passkey, begin_passkey
from domain.refusals import Refusal
from domain.relying_party import RelyingParty
from tests.actions.accounts import HOME, NOW, PASSWORD
from tests.authenticator import Authenticator

RP = RelyingParty("pits.example.com", "https://pits.example.com")
ELSEWHERE_RP = RelyingParty("evil.example", "https://evil.example")


def authenticator() -> Authenticator:
    return Authenticator(RP.origin)


async def begin(seat: Seat, now: datetime = NOW) -> Asked:
    asked = await begin_passkey(seat, PASSWORD, RP, HOME, now)
    assert isinstance(asked, Asked), asked
    return asked


async def with_passkey(seat: Seat, name: str = "Phone") -> Authenticator:
    """Somebody's authenticator, with a passkey that is stored."""
    asked, own = await begin(seat), authenticator()
    assert isinstance(await add_passkey(seat, asked.ticket, own.make(asked.options), name, RP, NOW), PasskeyRow)
    return own


async def ask(now: datetime = NOW) -> Asked:
    asked = await ask_for_passkey(RP, HOME, now)
    assert isinstance(asked, Asked), asked
    return asked


async def come_in(ticket: str, answer: str, now: datetime = NOW, rp: RelyingParty = RP) -> Refusal | SignedIn:
    return await sign_in_by_passkey(ticket, answer, rp, HOME, "Browser", now)
