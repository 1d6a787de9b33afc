"""The staff's own page: the tablet beside the car."""
