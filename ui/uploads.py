"""Files that a browser uploaded: they lie in one folder, and nothing else on the machine is one."""

from __future__ import annotations

from pathlib import Path

from ui.requests import Request, RequestError


class UploadedFile(Request):
    """An uploaded file: where the server put it, and what the visitor calls it."""

    path: str
    name: str


def uploaded(path: str, folder: Path) -> Path:
    """Give the real path of an uploaded file.

    Raises:
        RequestError: it is not in the folder, or not any more.
    """
    named = Path(path)
    try:
        real = named.resolve()
        is_inside = not named.is_symlink() and real.is_relative_to(folder.resolve())
        is_there = is_inside and real.is_file()
    except (OSError, ValueError):  # a name that is none, or too long
        is_inside = False
    if not is_inside:
        raise RequestError("this file was not uploaded here")
    if not is_there:
        raise RequestError("this file is no longer here: upload it again")
    return real
