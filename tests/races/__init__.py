"""Rules that look at other records, tried by two writers at once."""
