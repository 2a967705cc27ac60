"""Signing in: the token endpoint."""
