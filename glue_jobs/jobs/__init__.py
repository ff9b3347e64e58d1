"""The Glue jobs: thin scripts, each with Glue's ``--NAME value`` words; ``tapehouse job`` runs them at home."""
