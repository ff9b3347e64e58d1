"""Bronze to silver: pure transforms, one module a table."""
