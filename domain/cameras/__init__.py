"""Cameras: where they are reached, when nobody may look, who may look.

address     an RTSP address taken apart, and which hosts are never asked
makes       what each maker calls its streams
privacy     hours in which the picture is off for everybody
watching    who may look at this moment, and if not, why
"""
