"""What this firmware calls itself, and whose updates it takes."""

VERSION = "1.0.0"
"""`major.minor.patch`, with `-beta.1` or the like behind it where wanted. Every release has another one."""

RELEASE_KEY = ""
"""The public half of the installation's release key, 64 hexadecimal digits; put in when it is built. Without it no
update is taken.
"""
