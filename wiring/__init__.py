"""How the parts are put together: what runs, in which order, and what stops with it."""
