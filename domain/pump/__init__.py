"""Shared pumps: who runs next, when a motor may be ON, what a turn costs. Pure rules; docs/PUMP.md tells the story.

words.py     states, causes, reasons, refusals          lease.py     until when a motor may still be ON
limits.py    what a tenant may set, with defaults       charging.py  seconds from what the motor measured
state.py     a group of motors, its runs, its devices   hold.py      why a run stands still, and how it goes on
events.py    what happens to a group                    line.py      who is next, and what that waits for
effects.py   what is to be done about it                runs.py      the table of runs: `step`
shedding.py  a tenant's hours without power             estimate.py  how long somebody will wait
cards.py     what a tap of a card means                 power_cuts.py, power_habits.py  when the power is away
limit_ranges.py what a tenant may set at most           regroup.py   when a motor may change its group
motor_alerts.py what calls for a person                 invariants.py what must hold after every step
"""
