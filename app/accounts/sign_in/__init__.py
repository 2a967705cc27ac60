"""Signing in: the token endpoint, and who the caller is."""
