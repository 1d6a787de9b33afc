"""An ordeal by kill −9: the program, the broker and PostgreSQL die at random moments while members use their pumps.

Everything is real: the program as its own process, Mosquitto, PostgreSQL with fsync, the controllers' firmware on
virtual boards, whose relays are watched. Moments and victims are drawn from a seed; what happens between them is the
machines' own timing, so a seed repeats the plan and not the outcome.

    place.py    the servers, the boards, and a door for the members
    people.py   members who start, stop, extend and ask again when nobody answers
    blows.py    who dies when
    checks.py   what must be true of relays, ledger and runs
    run.py      one ordeal from its plan
    __main__.py `python -m tools.ordeal`
"""
