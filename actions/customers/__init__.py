"""What reaches a workshop's customers, who have no account.

news.py       notices about the own car, put into the outbox with what brought them
late.py       the notice that a promise was broken, which no move brings
consent.py    the customer agrees to notices, or does no longer
send_link.py  the link once more, because the customer asked for it
settings.py  which notices the workshop sends, and by which gateway
"""
