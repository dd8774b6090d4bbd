"""What the server takes at most, and what a visitor may bring.

A client is what `clients.client_of` calls one: an account, or an address.
"""

from __future__ import annotations

import os

from qa.loaders.parsing import Limits

# Questions, from the page and from programs
ASKED_AT_ONCE = max(2, os.cpu_count() or 2)  # of one client
ANSWERED_AT_ONCE = ASKED_AT_ONCE + 1  # the one more is for another client
MAX_WAITING = 64  # calls of one client in the queue
MAX_WAITING_IN_ALL = 256  # calls in the queue
MAX_UNREAD = 256  # calls of one client whose results wait to be fetched
MAX_TOP_K = 100  # passages that a program may ask for

# Long work, such as indexing
LONG_AT_ONCE = 2
LONG_STARTED = 8  # of a kind; they take turns

# Answers that a language model writes
WRITTEN_AT_ONCE = 4
WRITTEN_EACH = 2  # of one client

# Uploads that wait to be read
MAX_UPLOAD_BYTES = 25_000_000  # of one file
MAX_WAITING_BYTES = 4 * MAX_UPLOAD_BYTES  # of one client
MAX_WAITING_FILES = 40  # of one client
MAX_ALL_WAITING_BYTES = 40 * MAX_UPLOAD_BYTES
MAX_ALL_WAITING_FILES = 1_000
UPLOADS_KEPT_SECONDS = 3_600
PARSING = Limits(seconds=20, memory=1_000_000_000)  # of one file

# Pages of PDF files, which are shown as pictures
DRAWING = Limits(seconds=10, memory=1_000_000_000)  # of one page
MAX_DRAWN_WIDTH = 2_000  # pixels
MAX_DRAWN_BYTES = 64_000_000  # of the pages that were drawn last
MAX_PDF_BYTES = 2 * MAX_UPLOAD_BYTES  # of the files of one visitor

# Requests and connections
MAX_BODY_BYTES = 2_000_000  # of a request that is not an upload
MAX_CONNECTIONS = 1_000
MAX_CONNECTIONS_EACH = 64  # of one client; also the most of its requests at once
MAX_POSTS_EACH = 24  # POST requests of one client at once
LOOPBACK_FACTOR = 4  # how much more this machine's own addresses may have: several may share them
HEAD_SECONDS = 10.0  # for the head of a request, from when the connection waits for it
BODY_PAUSE_SECONDS = 10.0  # in which a body must grow by BODY_PACE_BYTES
BODY_PACE_BYTES = 10_000
BODY_SECONDS = 600.0  # for the whole body
READ_SECONDS = 60.0  # that a client may leave an answer unread
SESSIONS_KEPT = 500  # visits whose state Gradio keeps; each call of a program is one

# What is kept for visitors
MAX_DOCUMENTS = 100  # of one visitor
MAX_CHARACTERS = 5_000_000  # in all documents of one visitor
MAX_VISITORS = 200  # who have documents at once
MAX_VISITORS_EACH = 20  # of one client, such as several browsers
IDLE_SECONDS = 2 * 60 * 60  # since the last use
KEPT_DAYS = 7  # that documents are kept after their last use, while there is room
MAX_KEPT_BYTES = 10_000_000_000  # of all documents; then those that are idle go, the oldest first
MAX_RUNS = 20  # evaluations of one visitor
MAX_RUN_BYTES = 30_000_000  # of all of them
RUNS_KEPT_SECONDS = 24 * 60 * 60  # since the last use
MAX_RATINGS = 10_000
MAX_RATINGS_EACH = 200  # of one client, while the server runs
MAX_SET_BYTES = 20_000_000  # of a file of ratings or reviewed questions that is added to
MAX_EXCERPT = 5_000  # characters of a document that are selected as an answer

# Conversations that a browser kept
RESTORE_SECONDS = 10.0  # to check one
MAX_RESTORED = 20_000_000  # characters of one on the page

# Links to answers
MAX_SHARED = 5_000
MAX_SHARED_EACH = 200  # of one client
MAX_SHARED_CHARACTERS = 200_000  # of one
SHARED_DAYS = 30  # since the link was last copied
