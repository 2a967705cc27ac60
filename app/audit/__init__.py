"""What an auditor reads: the access log, and the list of revisions without their content."""
