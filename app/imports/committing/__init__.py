"""What is done with an import that is there: committed as it was checked, or gone on with where it was interrupted."""
