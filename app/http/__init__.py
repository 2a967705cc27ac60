"""The edge: the only floor that speaks HTTP."""
