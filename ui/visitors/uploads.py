"""Files that visitors bring: each has a name of the server's own until it is read.

A visitor's browser gets a token for each file that it sends. Only that visitor can use the token,
and only once. Nothing else that a client sends names a file.
"""

from __future__ import annotations

import secrets
import threading
import time
import unicodedata
from collections.abc import AsyncIterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated

import anyio
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from qa.documents import Document
from qa.errors import LoadError, QAError
from qa.evaluation.formats import FORMATS
from qa.loaders import KINDS, LOADERS
from ui.visitors import limits
from ui.visitors.clients import announced_bytes, client_of
from ui.visitors.cookies import visitor_of
from ui.visitors.errors import sentence
from ui.visitors.messages import Request, RequestError

UPLOADS_PATH = "/uploads"
"""Where files are sent to."""

_SUFFIXES = {suffix: suffix for suffix in (*LOADERS, *FORMATS, ".txt")}
_LONGEST_NAME = 100  # characters


class UploadError(QAError):
    """A file is refused; `status` is the HTTP status of the answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UploadedFile(Request):
    """How a request names an uploaded file."""

    token: Annotated[str, Field(max_length=100)]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was uploaded: its path, and the visitor's name for it."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.path.stat().st_size

    def renamed(self, text: str) -> str:
        """Return a text in which the file has the visitor's name."""
        return text.replace(str(self.path), self.name).replace(self.path.name, self.name)

    def load(self) -> Document:
        """Read it as a document with the visitor's name for it.

        Raises:
            LoadError: it cannot be read; the message has that name, and no path.
        """
        loader = LOADERS.get(PurePosixPath(self.name).suffix.lower())
        if loader is None:
            raise LoadError(
                f"{self.name} has a suffix that cannot be read; supported: {KINDS}",
                source=self.name,
            )
        try:
            document = loader(self.path, self.name, limits.PARSING)
        except LoadError as error:
            raise LoadError(self.renamed(str(error)), source=self.name) from None
        return replace(document, source=None)


@dataclass(slots=True)
class _Waiting:
    upload: Upload
    visitor: str
    client: str
    size: int  # as announced, until the file is complete
    is_whole: bool = False
    since: float = field(default_factory=time.monotonic)


class Uploads:
    """The files that wait to be read.

    Args:
        folder: a private folder; a folder for the files is made in it.
        kept_seconds: how long a file may wait.
    """

    def __init__(self, folder: Path, *, kept_seconds: float = limits.UPLOADS_KEPT_SECONDS) -> None:
        self._folder = folder / "uploads"
        self._folder.mkdir(mode=0o700)
        self._kept_seconds = kept_seconds
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.Lock()

    async def receive(
        self,
        chunks: AsyncIterable[bytes],
        name: str,
        *,
        visitor: str,
        client: str,
        size: int = limits.MAX_UPLOAD_BYTES,
    ) -> str:
        """Write a file as it comes in, and return its token; remove it if it stays incomplete.

        Args:
            chunks: the file's bytes.
            name: the visitor's name for it.
            visitor: who may use it.
            client: the name by which its bytes are counted.
            size: how many bytes it has at most.

        Raises:
            UploadError: there is no room for it, or it is larger than announced.
        """
        token = secrets.token_urlsafe(24)
        waiting = self._add(token, _Waiting(self._new(name), visitor, client, size))
        try:
            waiting.size = await self._write(token, waiting, chunks)
            waiting.is_whole = True
        except BaseException:
            self._remove(token)
            waiting.upload.path.unlink(missing_ok=True)
            raise
        return token

    @contextmanager
    def taken(self, visitor: str, files: Sequence[UploadedFile]) -> Iterator[list[Upload]]:
        """Take files, all or none, and remove them when the block ends.

        Raises:
            RequestError: one does not exist, no longer exists, or is not this visitor's.
        """
        uploads = self._take(visitor, [file.token for file in files])
        try:
            yield uploads
        finally:
            for upload in uploads:
                upload.path.unlink(missing_ok=True)

    def put(self, name: str, content: bytes) -> Upload:
        """Write a file that the server got itself; who reads it removes it."""
        upload = self._new(name)
        upload.path.write_bytes(content)
        return upload

    def clear_out(self) -> None:
        """Remove the files that have waited for too long."""
        oldest = time.monotonic() - self._kept_seconds
        with self._lock:
            old = [token for token, one in self._waiting.items() if one.since <= oldest]
        for token in old:
            self._remove(token)

    def _new(self, name: str) -> Upload:
        shown = clean_name(name)
        suffix = _SUFFIXES.get(PurePosixPath(shown).suffix.lower(), "")
        return Upload(self._folder / f"{secrets.token_hex(16)}{suffix}", shown)

    def _add(self, token: str, waiting: _Waiting) -> _Waiting:
        if waiting.size > limits.MAX_UPLOAD_BYTES:
            raise _too_large(waiting)
        self.clear_out()
        with self._lock:
            others = list(self._waiting.values())
            own = [one for one in others if one.client == waiting.client]
            if not _fits(waiting, own, limits.MAX_WAITING_FILES, limits.MAX_WAITING_BYTES):
                raise UploadError(
                    "too many of your files wait to be read: there may be "
                    f"{limits.MAX_WAITING_FILES} files and {limits.MAX_WAITING_BYTES / 1e6:,.0f} "
                    "MB at once, so add fewer, or try again later",
                    429,
                )
            most = limits.MAX_ALL_WAITING_FILES, limits.MAX_ALL_WAITING_BYTES
            if not _fits(waiting, others, *most):
                raise UploadError("there is no room for more files here: try again later", 503)
            self._waiting[token] = waiting
        return waiting

    async def _write(self, token: str, waiting: _Waiting, chunks: AsyncIterable[bytes]) -> int:
        written = 0
        async with await anyio.open_file(waiting.upload.path, "xb") as file:
            async for chunk in chunks:
                written += len(chunk)
                if written > waiting.size:
                    raise _too_large(waiting)
                if token not in self._waiting:
                    raise UploadError(f"{waiting.upload.name} came too slowly: add it again", 408)
                await file.write(chunk)
        return written

    def _take(self, visitor: str, tokens: Sequence[str]) -> list[Upload]:
        with self._lock:
            found = [self._waiting.get(token) for token in tokens]
            ready = [one for one in found if one and one.is_whole and one.visitor == visitor]
            if len(ready) < len(tokens) or len(set(tokens)) < len(tokens):
                raise RequestError(
                    "a file is no longer here, as a file is read once, and only for the browser "
                    "that sent it: add it again"
                )
            for token in tokens:
                del self._waiting[token]
        return [one.upload for one in ready]

    def _remove(self, token: str) -> None:
        with self._lock:
            waiting = self._waiting.pop(token, None)
        if waiting is not None:
            waiting.upload.path.unlink(missing_ok=True)


def upload_route(uploads: Uploads) -> Route:
    """Return the route that takes a file as the body of a request, and its name as `?name=`.

    It answers with the file's token, and its name as it is shown.
    """

    async def upload(request: HttpRequest) -> Response:
        name = request.query_params.get("name", "")
        announced = announced_bytes(request.headers)
        try:
            token = await uploads.receive(
                request.stream(),
                name,
                visitor=visitor_of(request),
                client=client_of(request.scope),
                size=limits.MAX_UPLOAD_BYTES if announced is None else announced,
            )
        except UploadError as error:
            refusal = {"detail": sentence(error)}
            return JSONResponse(refusal, error.status, headers={"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        return JSONResponse({"token": token, "name": clean_name(name)})

    return Route(UPLOADS_PATH, upload, methods=["POST"])


def clean_name(name: str) -> str:
    """Return a file's name without folders and without invisible characters."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip().lstrip(".")
    stem, suffix = PurePosixPath(seen).stem, PurePosixPath(seen).suffix
    return (stem[: _LONGEST_NAME - len(suffix)] + suffix) if seen else "document"


def _fits(new: _Waiting, others: Sequence[_Waiting], most_files: int, most_bytes: int) -> bool:
    total = new.size + sum(one.size for one in others)
    return len(others) < most_files and total <= most_bytes


def _too_large(waiting: _Waiting) -> UploadError:
    most = limits.MAX_UPLOAD_BYTES / 1e6
    return UploadError(f"{waiting.upload.name} is too large: the most is {most:,.0f} MB", 413)
