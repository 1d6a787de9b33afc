"""A camera that is none: an RTSP server on loopback with a generated moving picture, for demo, tests and bench."""
