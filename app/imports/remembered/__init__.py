"""What the headings of ledgers mean where no type declares it: remembered from imports, listed, forgotten."""
