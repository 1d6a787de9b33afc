"""The cookies by which pages and API know a browser: all HttpOnly, SameSite=Lax, and Secure where we are on https."""

from datetime import timedelta

SESSION = "pitpilot_session"
DEVICE = "pitpilot_device"
"""`SignedIn.device`: set at every sign-in for DEVICE_LASTS, not deleted by signing out."""
SECOND_STEP = "pitpilot_second_step"
"""`SecondStep.ticket`, between the password and the code; deleted after the code."""
PASSKEY = "pitpilot_passkey"
"""The ticket of a question to a passkey, until its answer."""

DEVICE_LASTS = timedelta(days=180)
