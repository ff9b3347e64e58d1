"""Silver to gold: pure transforms, one module a table."""
