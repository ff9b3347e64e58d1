"""The embedded stand-ins of AWS: what the same code talks to on a laptop and in tests."""
