"""What the administrator enters: the work calendar and the deadline rules."""
