"""Jobs of a workshop, from the car's arrival to hand-over.

words.py     states, events, stages, kinds of work, and why a move is refused
job.py       a job as the rules see it
moves.py     the job table: which event leads where, and what must be true for it
plans.py     stages, checklist and default minutes of each kind of work
calendar.py  time during which the workshop works
eta.py       when a car is likely to be ready, and how far it is
climate.py   how much of the work was done within the limits
phases.py    the way of a car as its customer follows it
tracking.py  the customer's link
"""
