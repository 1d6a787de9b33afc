"""Shared pumps: people's wishes, devices' words and the passing of time, each one step of an interlock group.

lead.py      which process steps groups, and its steady clock
relay.py     from a process that does not lead to the one that does
steps.py     lock, decide, save, commit, then send
asking.py    start, stop, extend, leave the line, skip
devices.py   what a device reports, what is due, taking the lead
wallets.py   recharge, reversal, gifts and deductions
requests.py  minutes that members ask for
cards.py     RFID cards: registered, removed, tapped
shedding.py  cuts of the tenant's grid: by hand and by schedule
motors.py    motors and groups, a tenant's limits
groups.py    groups made, named and removed, motors moved between them
removal.py   a controller taken away, and its motor out of its group
motor_alerts.py what of a motor calls for a person
"""
