"""What a visitor may bring, and for how long it is kept."""

MAX_UPLOAD_BYTES = 25_000_000
"""The largest file that a visitor may upload."""

MAX_DOCUMENTS = 20
"""The most documents that a visitor may have at once."""

MAX_CHARACTERS = 5_000_000
"""The most text that a visitor's documents may have together."""

MAX_SHELVES = 200
"""The most visitors who may have documents at once."""

IDLE_SECONDS = 2 * 60 * 60
"""How long a visitor's documents are kept after they were last used."""
