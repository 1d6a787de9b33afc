"""Virtual pit nodes: the air that they measure, how they behave, and their way to the broker.

They speak the device protocol and know nothing of the application, like a real device.
"""
