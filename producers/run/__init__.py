"""One producer from its settings to its exit: parts put together, run, marked, shown."""
