"""Pages for a workshop's customers, who have no account: documents of a few kilobytes that a slow telephone shows
within a second, readable without scripts.

tracking.py       the page behind a customer's link, and what it loads
tracking_view.py  its content
asked.py          who asks by which link, and the page for one that leads nowhere
words.py          what it says, by state
drawing.py        the car, the plot of the air
document.py       the frame: style, content policy, fonts
notices.py        whether the customer gets notices
passport.py       an environment passport: its check, its files
passport_view.py  its content
"""
