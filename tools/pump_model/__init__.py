"""An exhaustive check of the motor lease: every order of events of a small world, on the real rules of `domain.pump`.

search.py    breadth first over every reachable world, until one is bad
device.py    a controller as docs/PROTOCOL.md describes it
network.py   messages under way: lost, doubled, overtaken, late
server.py    the real rules, with what can't matter any more taken out of their state
world.py     two controllers, their networks, one server, and what may go wrong
money.py     a member, a wallet and clicks that come twice
mutants.py   rules left out, one at a time: each must be caught
"""
