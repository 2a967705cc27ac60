"""Who stands behind a token or a key."""
