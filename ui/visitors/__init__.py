"""Visitors: who they are, what they send and bring, what is kept for them, and their limits."""
