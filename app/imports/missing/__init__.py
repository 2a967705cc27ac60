"""What stands in no row of a file."""
