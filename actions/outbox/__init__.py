"""Messages to people outside of open pages: put into a table by whatever happened, sent from there until they arrive.

putting            `put` in the caller's transaction: to an address, to a person's channels
sender, post, webhook      sending what is due, by Apprise or by our own call, with back-off
ways               which ways this installation offers
channels           a person's own addresses: added, verified, tried, removed
alert_news         who is told of which alert, and when; owners, if nobody acknowledges
settings           what the owner settles for the tenant, and starting a message again
"""

from actions.outbox.putting import Notice, Plain, put, put_for_person, withdraw

__all__ = ["Notice", "Plain", "put", "put_for_person", "withdraw"]
