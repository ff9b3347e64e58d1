"""The crawler: what a YAML file says is read from pages, within what is safe and polite, and landed as it was read."""
