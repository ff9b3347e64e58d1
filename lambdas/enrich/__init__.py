"""Scores documents: sentiment, emotions, key phrases, a summary and the assets named."""
