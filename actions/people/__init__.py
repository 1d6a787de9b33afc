"""People: who they are, how they come in, what they hold, and how they are shown out.

seats                       who a token stands for, asked anew at every request
entrance, sessions          signing in by password and code; one's sessions, signing out, switching tenants
credentials, throttle       judging a password; failures slow down whoever guesses, and nobody else
second_factor               authenticator codes and recovery codes
passkeys, passkey_sign_in   keys held by telephones and computers (passkey_answers judges what they sign)
tokens, api_keys, oidc      phones, integrations, an outer OpenID provider
first_run, invitations, member_import, tenants      how people and tenants come to be
members, resets, profile    what owners do for their people, and people for themselves
"""

from actions.people.credentials import LOGIN_CHARS_MAX, PASSWORD_CHARS_MAX
from actions.people.entrance import SecondStep, enter_code, sign_in
from actions.people.newcomers import add_person
from actions.people.profile import set_look
from actions.people.seats import SESSION_IDLE, SESSION_LONGEST, Seat, seat_of
from actions.people.sessions import SignedIn, sign_out

__all__ = [
    "LOGIN_CHARS_MAX",
    "PASSWORD_CHARS_MAX",
    "SESSION_IDLE",
    "SESSION_LONGEST",
    "Seat",
    "SecondStep",
    "SignedIn",
    "add_person",
    "enter_code",
    "seat_of",
    "set_look",
    "sign_in",
    "sign_out",
]
