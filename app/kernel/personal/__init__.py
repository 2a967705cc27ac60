"""What is kept secret of persons, and who has read it."""
