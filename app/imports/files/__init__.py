"""From bytes to rows: a file of any of three formats is read into numbered rows of raw cells or JSON objects."""
