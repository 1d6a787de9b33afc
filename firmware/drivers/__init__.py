"""Sensors and the card reader. Each driver is given its bus, and returns values by their names on the wire.

Every driver says `async read() -> dict`, or raises `SensorFault`. What is returned has passed the frame's own check and
lies within what the sensor can measure; nothing is guessed or carried over from the reading before.
"""
