"""The ``tapehouse`` command: one module a subcommand, each importing what it needs only when it runs."""
