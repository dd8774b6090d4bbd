"""The chat: a question becomes a turn of quotes, beside the document that they stand in."""
