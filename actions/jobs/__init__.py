"""What people do with jobs. Each locks the job's row, asks domain.jobs, saves, and announces the id only.

create.py   a car arrives or is booked; the customer's link is made with the job
move.py     from one state to the next, and from stage to stage
assign.py   pit and people
ticks.py    what is ticked off, and a stage finished by mistake
notes.py    notes and defects
photos.py   pictures, shown to the customer or not
pictures.py what is kept of a file that somebody sent
links.py    the customer's link: made, replaced, ended
plan.py     a booking moves to another time or pit
details.py  what is known of job, vehicle and customer, and the film
damage.py   marks on the car's drawing
hand_over.py  the car goes home, with a signature
tracked.py  what the holder of that link sees
trail.py    the timeline, the audit row and the announcement that go with each of them
around.py   what is true around a job: pit, climate
"""
