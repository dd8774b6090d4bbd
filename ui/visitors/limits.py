"""What the server takes at most, and what a visitor may bring.

Limits of a client hold for what `clients.client_of` calls one client: an account, or an address.
"""

from __future__ import annotations

import os

from qa.loaders.parsing import Limits

ASKED_AT_ONCE = max(2, os.cpu_count() or 2)
"""How many questions of one client are worked on at once, from the page and from programs."""

ANSWERED_AT_ONCE = ASKED_AT_ONCE + 1
"""How many questions are worked on at once; the one more is for another client."""

MAX_WAITING = 64
"""The most calls of one client that may wait in a queue."""

MAX_WAITING_IN_ALL = 256
"""The most calls that may wait in all queues together."""

MAX_UNREAD = 256
"""Of how many calls a client may have the results wait to be fetched."""

LONG_AT_ONCE = 2
"""How many long pieces of work, such as indexing, go on at the same moment."""

LONG_STARTED = 8
"""How many long pieces of work of a kind may have begun; they go on in turn."""

MAX_TOP_K = 100
"""The most passages that a program may ask for."""

MAX_UPLOAD_BYTES = 25_000_000
"""The largest file that may be uploaded."""

PARSING = Limits(seconds=20, memory=1_000_000_000)
"""What the parsing of an uploaded file may take."""

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

MAX_CONNECTIONS = 1_000
"""The most connections at once."""

MAX_CONNECTIONS_EACH = 64
"""The most connections of one client, and the most of its requests at once."""

MAX_POSTS_EACH = 24
"""The most requests that bring something, of one client at once."""

LOOPBACK_FACTOR = 4
"""How much more this machine's own addresses may have, as several people may share them."""

HEAD_SECONDS = 10.0
"""How long the head of a request may take, from when the connection waits for it."""

BODY_PAUSE_SECONDS = 10.0
"""In how many seconds the body of a request must grow by `BODY_PACE_BYTES`."""

BODY_PACE_BYTES = 10_000
"""How many bytes of a body must come in `BODY_PAUSE_SECONDS`."""

BODY_SECONDS = 600.0
"""How long the body of a request may take."""

READ_SECONDS = 60.0
"""How long a client may leave what it is sent unread."""

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

MAX_VISITORS_EACH = 20
"""The most visitors of one client who may have documents at once, such as several browsers."""

MAX_RATINGS = 10_000
"""The most thumbs that are kept."""

MAX_RATINGS_EACH = 200
"""The most thumbs of one client that are kept while the server runs."""

MAX_SET_BYTES = 20_000_000
"""The largest file of thumbs, or of a visitor's review, that is added to."""

MAX_EXCERPT = 5_000
"""The most characters of a document that a visitor may choose at once as what answers."""

RESTORE_SECONDS = 10.0
"""How long the checking of a conversation that a browser kept may take."""

MAX_RESTORED = 20_000_000
"""The most characters that a conversation may have on the page."""

IDLE_SECONDS = 2 * 60 * 60
"""How long what a visitor brought is kept after it was last used."""
