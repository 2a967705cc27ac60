"""Deadlines: the work calendar, the rules of how long a period is, what is due, extensions, pauses, escalation."""
