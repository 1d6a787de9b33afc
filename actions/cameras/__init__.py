"""Cameras: kept by owners, reached on the LAN, looked at by whoever may, watched by the clock.

keeping                  added, changed, switched off, removed
reach, trying            from an address to a number that may be asked; testing what answers there
discovery                what ONVIF devices on the LAN say of themselves
sources                  what the gateway fetches, kept as the database says
tickets, viewing         short-lived rights to look; what they open, and what ends them
watch, stills            the watcher: alerts, stills for the board, what is forgotten
timelapse                one still a minute of a job, as a film
"""
