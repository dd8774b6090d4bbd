"""Evaluations on the page, and question sets that a visitor makes there."""
