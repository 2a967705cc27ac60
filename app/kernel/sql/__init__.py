"""The statements that read and write records."""
