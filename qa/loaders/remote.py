"""Files in object stores and at other addresses, by the file systems of fsspec."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from qa.documents import Document
from qa.errors import LoadError
from qa.loaders.files import inquote_version, read_path
from qa.loaders.kinds import most_bytes
from qa.loaders.sidecar import MAX_BYTES, SUFFIX, sidecar_of
from qa.text.printable import printable_name

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://")
_WEB = ("http", "https")
_ON_DISK = ("file", "local")
_PRIVATE = re.compile(r"(?<=//)[^/@\s]{1,500}@|\?[^\s\"']{1,2000}")  # of addresses in an error
_LONGEST_REASON = 200
_VERSIONS = (
    "etag md5hash content-md5 checksum mtime lastmodified last-modified last_modified modified "
    "updated created"
).split()
"""What stores say of an object, in lower case, that shows whether it has changed; best first."""


def is_url(named: object) -> bool:
    """Return whether documents are named by an address, such as `s3://bucket/folder`."""
    return isinstance(named, str) and _URL.match(named) is not None


def path_of(url: str) -> Path | None:
    """Return the path of a file or folder on this machine; None if an address is another."""
    scheme, _, path = url.partition("://")
    return Path(path) if scheme.lower() in _ON_DISK and "*" not in path else None


def shown(url: str) -> str:
    """Return an address without credentials: passwords, and what follows `?` on the web."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    user = user.partition(":")[0]
    if scheme.lower() in _WEB:
        user, at, path = "", "", re.split(r"[?#]", path, maxsplit=1)[0]
    return f"{scheme}://{user}{at}{host}{slash}{path}"


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at an address.

    Attributes:
        url: what was named, of which it is one; it may hold credentials.
        path: where it is in that store.
        source: its address, without credentials.
        stamp: its size and version in the store, the version of inquote, and the same of the file
            with its metadata; None if the store tells no version.
        size: its size; None if the store does not tell it.
        has_metadata: whether there is a file with its metadata.
    """

    url: str = field(repr=False)
    path: str = field(repr=False)
    source: str
    stamp: str | None
    size: int | None
    has_metadata: bool

    def read(self, document_id: str, encoding: str | None) -> Document:
        """Return the document; the file is downloaded, and removed again."""
        with tempfile.TemporaryDirectory(prefix="inquote-") as folder:
            copy = Path(folder, "file" + PurePosixPath(self.source).suffix)
            try:
                self._download(self.path, copy, most_bytes(copy), self.size)
                if self.has_metadata:
                    self._download(self.path + SUFFIX, sidecar_of(copy), MAX_BYTES)
                return replace(read_path(copy, document_id, encoding), source=self.source)
            except LoadError as error:
                told = str(error).replace(str(copy), printable_name(self.source))
                raise LoadError(told, source=self.source) from None

    def fetched(self, folder: Path) -> Path:
        """Download the file, whatever its size, and return where it is."""
        copy = folder / "downloaded"
        self._download(self.path, copy, None)
        return copy

    def _download(self, path: str, to: Path, most: int | None, size: int | None = None) -> None:
        def check(_: int | None, value: int, **__: Any) -> None:
            if most is not None and value > most:
                raise LoadError(
                    f"{to} has more than {most:,} bytes, the most: split it into several files",
                    source=self.source,
                )

        check(None, size or 0)
        with _faults_named(self.source):
            from fsspec.callbacks import Callback

            store, _ = _opened(self.url)
            store.get_file(path, str(to), callback=Callback(hooks={"limit": check}))


@dataclass(frozen=True, slots=True)
class Listing:
    """The files at an address, with their ids, in order.

    `is_folder` says that the address is that of a folder, and `is_file` of a file; else it is a
    pattern.
    """

    files: list[tuple[str, Remote]]
    is_folder: bool = False
    is_file: bool = False


def listed(url: str) -> Listing:
    """List the files at an address: of a file, of a folder, or a pattern with `*`.

    Hidden files are left out.

    Raises:
        LoadError: it is no such address, nothing is there, or the store does not answer.
    """
    name = shown(url)
    if "::" in url:
        raise LoadError(f"{printable_name(name)} is several addresses: name one", source=name)
    with _faults_named(name):
        _check_kind(url)
        store, path = _opened(url)
        if not path.strip("/"):
            raise LoadError(f"{printable_name(name)} names no file and no folder", source=name)
        store.invalidate_cache()
        if "*" in path and not _is_web(url):
            found = store.glob(path, detail=True)
            named, root = (text[: text.index("*")].rpartition("/")[0] for text in (url, path))
            return Listing(_files(url, named, root, found))
        info = store.info(path)
        if info["type"] == "directory":
            root = path.rstrip("/")
            found = store.find(path, detail=True)
            return Listing(_files(url, url.rstrip("/"), root, found), is_folder=True)
        beside = {} if _is_web(url) else _told(store, path + SUFFIX)
        found = {path: info} | beside
        named, root = (text.rpartition("/")[0] for text in (url, path))
        return Listing(_files(url, named, root, found, hidden=True), is_file=True)


def _is_web(url: str) -> bool:
    return url.partition("://")[0].lower() in _WEB


def _told(store: Any, path: str) -> dict[str, Any]:
    """Return what a store says of a file; nothing if it is not there.

    Some stores say of it that it may not be read, where the folder may not be listed.
    """
    try:
        return {path: store.info(path)}
    except (FileNotFoundError, PermissionError):
        return {}


def _files(
    url: str, named: str, root: str, found: Mapping[str, Any], *, hidden: bool = False
) -> list[tuple[str, Remote]]:
    """Return what was found below a folder, without the files of metadata.

    Args:
        url: what was named.
        named: the folder's address, which the addresses of files begin with.
        root: the folder's path in the store.
        found: what the store says of each file, by path.
        hidden: whether to return hidden files, too.
    """
    files = []
    for path in sorted(found):
        below = path[len(root) :].lstrip("/")
        names = below.split("/")
        is_hidden = not hidden and any(name.startswith((".", "~$")) for name in names)
        is_file = found[path]["type"] == "file" and not below.endswith("/")
        if is_hidden or not is_file or below.endswith(SUFFIX):
            continue
        source = shown(f"{named}/{below}")
        beside = found.get(path + SUFFIX)
        stamps = [_stamp(found[path]), "-" if beside is None else _stamp(beside)]
        stamp = " ".join([*stamps, inquote_version()]) if all(stamps) else None
        size = found[path].get("size")
        remote = Remote(url, path, source, stamp, size, beside is not None)
        files.append((PurePosixPath(source).name if hidden else below, remote))
    return files


def _stamp(info: Mapping[str, Any]) -> str:
    """Return the size and the version of an object; "" if the store tells no version."""
    told = {str(name).lower(): value for name, value in info.items()}
    version = next((told[name] for name in _VERSIONS if told.get(name)), "")
    return f"{told.get('size')} {version}".replace("\n", " ") if version else ""


def _check_kind(url: str) -> None:
    from fsspec import available_protocols

    if (scheme := url.partition("://")[0]) not in available_protocols():
        raise LoadError(
            f"{printable_name(shown(url))} is not read: {scheme}:// is no kind of address that is "
            "known; some are s3://, gs://, abfs://, sftp:// and https://",
            source=shown(url),
        )


def _opened(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    store, path = url_to_fs(url)
    return store, path


@contextmanager
def _faults_named(name: str) -> Iterator[None]:
    """Raise the errors of a store as a `LoadError`, without its own, which may tell credentials."""
    shown_name = printable_name(name)
    try:
        yield
        return
    except LoadError:
        raise
    except FileNotFoundError:
        or_silent = ", or it does not answer" if _is_web(name) else ""
        reason = f"there is no file or folder {shown_name}{or_silent}"
    except ImportError as error:
        missing = getattr(error.__cause__ or error, "name", None) or "the package for it"
        reason = f"{shown_name} needs a package that is missing: run  pip install {missing}"
    except PermissionError as error:
        reason = f"{shown_name} may not be read with your credentials ({_reason(error)})"
    except TimeoutError:
        reason = f"{shown_name} does not answer: try again later"
    except Exception as error:  # each store has errors of its own
        reason = f"{shown_name} cannot be read: {_reason(error)}"
    raise LoadError(reason, source=name) from None


def _reason(error: Exception) -> str:
    """Return what an error says, on one line, without credentials."""
    told = " ".join(_PRIVATE.sub("", str(error)[:2_000]).split())
    return printable_name(told[:_LONGEST_REASON].rstrip(".") or type(error).__name__)
