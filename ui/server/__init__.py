"""The server: what it lets in, how it shares its work, and what programs may call."""
