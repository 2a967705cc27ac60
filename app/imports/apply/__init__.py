"""From a plan to records: written from the stored plan, or while the file is still being checked."""
