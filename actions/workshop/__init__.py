"""What an owner settles for the workshop. Each locks the settings, saves, writes the audit row and announces.

hours.py  working hours by weekday, and holidays
pits.py   pits: added, named, put in order, closed
films.py  film rolls, and how long each film's maker vouches for it
trail.py  the audit row and the announcement that go with each of them
"""
