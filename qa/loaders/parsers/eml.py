"""E-mails (EML); parsed by Python's own `email`."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any, cast

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import PARAGRAPH, Flow, sensible_title
from qa.loaders.parsers.html import Page, read_page
from qa.loaders.parsers.signatures import kind_of, mistaken

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_LONGEST_PARSED = 2_000  # characters
_BODY = ("plain", "html")  # the one that is preferred first


def parse(data: bytes, name: str) -> Extracted:
    """Read an e-mail: who wrote what to whom and when, the body, and the names of attachments.

    Of a body that is there as plain text and as a web page, the text is read. Attachments and
    forwarded e-mails are not read. The title is the subject.

    Raises:
        Refused: the file is no e-mail, or damaged.
    """
    if kind_of(data) is not None:
        raise mistaken(name, data, "an e-mail")
    try:
        message = cast(EmailMessage, email.message_from_bytes(data, policy=_Policy()))
        headers = _headers(message)
        if not headers:
            raise mistaken(name, data, "an e-mail")
        flow = Flow()
        for header in filter(headers.get, _HEADERS):
            _write_line(header, headers[header], flow)
        _write(message, flow)
        title = sensible_title(headers.get("Subject"))
        said = {name.lower(): value for name, value in headers.items()} | _date(headers)
    except (Refused, MemoryError):
        raise
    except Exception:  # what a damaged header raises is undocumented
        raise Refused("is damaged: it is not a whole e-mail; fetch or save it again") from None
    return Extracted(flow.text(), title, blocks=tuple(flow.blocks), metadata=said)


class _Policy(email.policy.EmailPolicy):
    """Parses no header beyond its start, as that takes quadratic time."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:_LONGEST_PARSED])


def _headers(message: EmailMessage) -> dict[str, str]:
    """Return the headers that are read, whole and decoded."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        header = name.capitalize()
        if header in _HEADERS:
            found.setdefault(header, _decoded(str(value)))
    return found


def _date(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the day that an e-mail says it was sent on, if it can be read."""
    try:
        sent = parsedate_to_datetime(headers.get("Date", "")[:_LONGEST_PARSED])
    except (ValueError, TypeError, IndexError, OverflowError):
        return {}
    return {"date": sent.date().isoformat()}


def _decoded(value: str) -> str:
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, MessageError):  # it is no encoding that is known
        return value


def _write(message: EmailMessage, flow: Flow) -> None:
    body = message.get_body(_BODY)
    if body is not None:
        flow.part(PARAGRAPH)
        text = _text(cast(EmailMessage, body))
        if body.get_content_subtype() == "html" and text.strip():
            read_page(text, Page(flow))
        else:
            flow.write(text.strip())
    flow.part(PARAGRAPH)
    names = [part.get_filename() for part in message.iter_attachments()]
    _write_line("Attachments", ", ".join(name for name in names if name), flow)


def _write_line(name: str, value: str, flow: Flow) -> None:
    if words := " ".join(value.split()):
        flow.kind = ("paragraph", 0)
        flow.write(f"{name}: {words}")
        flow.kind = ("", 0)
        flow.part(PARAGRAPH)


def _text(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # of an encoding that nobody knows
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
