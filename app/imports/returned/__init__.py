"""The file of an import sent back, with what is wrong beside each rejected row."""
