"""From rows to values: which record type a sheet holds, which field a column is, and what its cells say."""
