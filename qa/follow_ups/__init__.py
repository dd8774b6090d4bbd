"""Follow-up questions: whether one depends on those before it, and what it asks by itself."""
