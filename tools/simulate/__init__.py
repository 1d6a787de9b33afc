"""Whole tenants over simulated weeks, everything drawn from one seed.

The rules are the real ones of `domain.pump` and `domain.wallet`; controllers, networks and servers misbehave, members
click twice, the power is cut ten times a day.

    controller.py  a motor's controller in simulated milliseconds
    clockwork.py   simulated time, and messages that are lost, doubled, late
    server.py      the rules with their state, wallets, and a process that dies and comes back
    weather.py     what goes wrong with grid, devices and server
    people.py      members and owner
    checks.py      what must be true after every event
    run.py         one simulated tenant from its seed
    command.py     `python main.py simulate`
"""
