"""The hardware behind names of ours: pins, watchdog, Wi-Fi, storage."""
