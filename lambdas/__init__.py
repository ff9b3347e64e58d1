"""The Lambdas: thin handlers over pure functions. A handler's package imports tapehouse and its own room alone."""
