"""The index on disk: passages with their vectors and words, written whole or not at all.

`writer` turns documents into a change, `transaction` commits it, `storage` says which files there
are, and `reader` reads them.
"""

from qa.index.reader import Index
from qa.index.storage import is_index
from qa.index.writer import Changes, update_index

__all__ = ["Changes", "Index", "is_index", "update_index"]
