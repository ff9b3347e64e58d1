"""Metabase itself: what is there, what the files want of it, the difference, and bringing it about."""
