"""The edge: the only floor that speaks HTTP, with the `routes.py` of the floors above."""
