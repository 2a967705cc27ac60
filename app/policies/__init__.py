"""Policies: what each jurisdiction lays down for itself, from a day on, where no general rule does."""
