"""The rules of shared pumps, and what proves them."""
