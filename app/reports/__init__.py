"""Figures counted from the records, each with the list it was counted from."""
