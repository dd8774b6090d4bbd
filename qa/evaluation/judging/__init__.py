"""Judging answers: by the gold of a question set, and by the documents alone."""
