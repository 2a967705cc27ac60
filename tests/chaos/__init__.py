"""Faults on purpose: a service and a Postgres that are killed while clerks write, and what was lost by it.

`python -m tests.chaos` (or `make chaos`) runs rounds of faults. It owns the Postgres and the service, and talks to the
service over HTTP alone. Every write is noted on disk before it is sent and after it is answered; after each round the
notes are compared with what the service then shows.
"""
