"""What the database and the validator get from what a type declares."""
