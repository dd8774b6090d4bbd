"""The folder that the page's server keeps uploads in, for as long as it runs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAMES_IT = "GRADIO_TEMP_DIR"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that no other user can look into, and delete it when the block ends.

    Gradio reads its place when it is imported: import it inside the block.
    """
    before = os.environ.get(_NAMES_IT)
    with tempfile.TemporaryDirectory(prefix="inquote-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        os.environ[_NAMES_IT] = str(folder)
        try:
            yield folder
        finally:
            if before is None:
                del os.environ[_NAMES_IT]
            else:
                os.environ[_NAMES_IT] = before
