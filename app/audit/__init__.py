"""What an auditor reads: the access log, and that revisions are."""
