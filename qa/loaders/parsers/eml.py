"""E-mails (EML); parsed by Python's own `email`."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import cast

from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsers.flow import PARAGRAPH, Flow, sensible_title
from qa.loaders.parsers.html import Page, read_page
from qa.loaders.parsers.signatures import kind_of, mistaken

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
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
        message = cast(EmailMessage, email.message_from_bytes(data, policy=email.policy.default))
        if not any(message[header] for header in _HEADERS):
            raise mistaken(name, data, "an e-mail")
        flow = Flow()
        _write(message, flow)
        title = sensible_title(message["Subject"])
    except (Refused, MemoryError):
        raise
    except Exception:  # what a damaged header raises is undocumented
        raise Refused("is damaged: it is not a whole e-mail; fetch or save it again") from None
    return Extracted(flow.text(), title, blocks=tuple(flow.blocks))


def _write(message: EmailMessage, flow: Flow) -> None:
    for header in _HEADERS:
        _write_line(header, str(message[header] or ""), flow)
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
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")  # type: ignore[arg-type]
