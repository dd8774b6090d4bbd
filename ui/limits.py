"""What the server takes at most, and what a visitor may bring."""

from __future__ import annotations

import os

ASKED_AT_ONCE = max(2, os.cpu_count() or 2)
"""How many questions are worked on at once, from the page and from programs together."""

MAX_TOP_K = 100
"""The most passages that a program may ask for."""

MAX_UPLOAD_BYTES = 25_000_000
"""The largest file that may be uploaded."""

MAX_WAITING_BYTES = 4 * MAX_UPLOAD_BYTES
"""The most bytes of one sender's uploads that may wait to be read."""

MAX_WAITING_FILES = 40
"""The most files of one sender that may wait to be read."""

MAX_ALL_WAITING_BYTES = 40 * MAX_UPLOAD_BYTES
"""The most bytes of all uploads together that may wait to be read."""

MAX_ALL_WAITING_FILES = 1_000
"""The most files of all senders together that may wait to be read."""

MAX_BODY_BYTES = 2_000_000
"""The largest request of any other kind."""

UPLOADS_KEPT_SECONDS = 3_600
"""How long an uploaded file waits to be read before it is removed."""

SESSIONS_KEPT = 500
"""Of how many visits Gradio keeps the state of its components; each call of a program is one."""

MAX_DOCUMENTS = 20
"""The most documents that a visitor may have at once."""

MAX_CHARACTERS = 5_000_000
"""The most text that a visitor's documents may have together."""

MAX_VISITORS = 200
"""The most visitors who may have documents at once."""

IDLE_SECONDS = 2 * 60 * 60
"""How long what a visitor brought is kept after it was last used."""
