"""What a record type says of itself."""
