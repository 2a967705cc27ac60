"""Authentication: tokens, API keys, passwords, rate limits, and the register of principals that they are checked by."""
