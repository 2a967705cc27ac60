"""The rows of an import, as its maker reads them: what each does, or why it does nothing."""
