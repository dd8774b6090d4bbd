"""The index on disk: passages with their vectors and words, written whole or not at all.

`writer` turns documents into a change, `transaction` commits it, `storage` says which files there
are, `reader` reads them, and `upgrade` has the earlier formats.
"""

from qa.index.changes import Changes
from qa.index.reader import Index
from qa.index.storage import is_index
from qa.index.writer import update_index

__all__ = ["Changes", "Index", "is_index", "update_index"]
