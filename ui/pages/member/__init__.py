"""What members of a pump use, on the telephone first: the pump itself, their minutes, and what became of them."""
