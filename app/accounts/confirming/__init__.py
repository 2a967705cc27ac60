"""Confirming and declining what another has changed of an account."""
