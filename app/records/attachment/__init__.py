"""佐证材料: a file that belongs to a record. Its content lies outside of the database."""
