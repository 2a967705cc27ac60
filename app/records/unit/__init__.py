"""单位: bodies that are inspected, that second staff, receive clues, or decide."""
