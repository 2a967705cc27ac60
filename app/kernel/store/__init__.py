"""The one door to the records."""
