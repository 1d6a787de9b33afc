"""The world that virtual pit nodes live in: the air that they measure, what happens to them, and who they are.

What they do with it is the firmware's own: see tools/virtual_pits.py.
"""
