"""Decoding text: by its byte order mark, as UTF-8, as is named, or as its bytes look."""

from __future__ import annotations

import codecs
import re
from typing import Any, NamedTuple

import webencodings

from qa.loaders.parsers import Refused

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order marks, and Python's codecs; that of UTF-32 LE begins with that of UTF-16 LE."""

WITH_NULS = {"utf-16le": "utf_16_le", "utf-16be": "utf_16_be"}
"""Encodings that are detected in bytes with NULs: names, and Python's codecs."""

DETECTED = {
    "windows-1252": "cp1252",
    "windows-1250": "cp1250",
    "windows-1254": "cp1254",
    "windows-1251": "cp1251",
    "koi8-r": "koi8_r",
    "windows-1253": "cp1253",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "iso-8859-2": "iso8859_2",
    "cp932": "cp932",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "cp949": "cp949",
    "euc-jp": "euc_jp",
}
"""Encodings that are detected in other bytes; of those that fit alike, the first is taken."""

_SAMPLE = 60_000  # bytes to detect an encoding by
_BEFORE = 2_000  # of them, before the first that is not ASCII
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Decoded(NamedTuple):
    """A text, and the encoding of its bytes; "" for UTF-8 and where a mark tells it."""

    text: str
    encoding: str = ""


def decoded(data: bytes, named: str | None = None) -> Decoded:
    """Decode the bytes of a text without a change to its characters.

    Args:
        data: the bytes.
        named: the encoding of bytes that are neither UTF-8 nor have a byte order mark; None
            detects it.

    Raises:
        Refused: the bytes are no text, or in an encoding that cannot be detected.
    """
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return Decoded(_strictly(data, encoding, len(mark)))
    if b"\0" not in data:
        try:
            return Decoded(data.decode())
        except UnicodeDecodeError as error:
            if named is None and not data[: error.start].isascii():  # UTF-8 until here
                _strictly(data, "utf-8")
    name = named or _detected(data)
    return Decoded(_strictly(data, codec_of(name) or name), name)


def web_encoding(label: str) -> Any:
    """Return the web's encoding of a label; some common labels are known to Python alone."""
    try:
        return webencodings.lookup(label) or webencodings.lookup(codecs.lookup(label).name)
    except (LookupError, ValueError):  # ValueError: a name with a NUL character
        return None


def codec_of(name: str) -> str | None:
    """Return Python's codec for the name of an encoding, which may be the web's; None if unknown.

    "latin-1" is Windows-1252, as it is to browsers.
    """
    of_web = web_encoding(name)
    codec = of_web.codec_info.name if of_web else name
    try:
        b"a".decode(codec, "replace")
    except (LookupError, ValueError):
        return None
    return codec


def _strictly(data: bytes, codec: str, start: int = 0) -> str:
    try:
        return data[start:].decode(codec)
    except UnicodeDecodeError as error:
        offset = error.start + start
        raise Refused(
            f"is not valid {codec.upper()}: the byte at offset {offset:,} (0x{data[offset]:02x}) "
            "fits no character; save it as UTF-8, or name its encoding with --encoding"
        ) from None


def _detected(data: bytes) -> str:
    """Return the likeliest encoding of some bytes, by a sample of them."""
    from charset_normalizer import from_bytes

    candidates = WITH_NULS if b"\0" in data else DETECTED
    found = from_bytes(_sample(data), cp_isolation=[*candidates.values()], enable_fallback=False)
    best = found.best()
    if best is None:
        what = "looks like a binary file" if candidates is WITH_NULS else "is in no known encoding"
        raise Refused(f"{what}; if it is text, name its encoding with --encoding")
    fitting = {
        codec
        for match in found
        if (match.chaos, -match.coherence) <= (best.chaos, -best.coherence)
        for codec in match.could_be_from_charset
    }
    return next(name for name, codec in candidates.items() if codec in fitting)


def _sample(data: bytes) -> bytes:
    """Return the bytes around the first that is not ASCII, from the start of a line."""
    first = _NOT_ASCII.search(data)
    if b"\0" in data or first is None:
        return data[:_SAMPLE]
    start = max(first.start() - _BEFORE, 0)
    start = data.rfind(b"\n", start, first.start()) + 1 or start
    sample = data[start : start + _SAMPLE]
    whole_lines = sample.rfind(b"\n") + 1
    return sample[:whole_lines] if whole_lines and start + _SAMPLE < len(data) else sample
