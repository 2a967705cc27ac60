"""The mechanics that every record type shares. Names no record type and imports no web framework."""
