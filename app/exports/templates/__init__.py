"""Templates: empty ledgers to fill in."""
