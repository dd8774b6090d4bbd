from __future__ import annotations

from pathlib import Path

import pytest

from qa.loaders import load
from qa.loaders.parsers import Extracted, Refused, eml

HEADERS = (
    "From: Anna Berg <anna@example.org>\r\nTo: Ole <ole@example.org>\r\n"
    "Subject: =?utf-8?q?Lamp_f=C3=BCr_Marn?=\r\nDate: Thu, 05 Mar 2026 10:00:00 +0100\r\n"
)
READ = (
    "From: Anna Berg <anna@example.org>\n\nTo: Ole <ole@example.org>\n\n"
    "Date: Thu, 05 Mar 2026 10:00:00 +0100\n\nSubject: Lamp für Marn"
)


def read(body: str, headers: str = HEADERS) -> Extracted:
    return eml.parse(f"{headers}{body}".encode(), "a.eml")


def parts(*each: str, kind: str = "mixed") -> str:
    inside = "".join(f"--{kind}\r\n{part}\r\n" for part in each)
    return f"Content-Type: multipart/{kind}; boundary={kind}\r\n\r\n{inside}--{kind}--\r\n"


def test_headers_and_body_are_read(tmp_path: Path) -> None:
    body = "\r\nDear Ole,\r\n\r\nthe lamp arrives on 12 March.\r\nBring the cart.\r\n"
    (tmp_path / "lamp.eml").write_bytes(f"{HEADERS}{body}".encode())
    (document,) = load(tmp_path / "lamp.eml")
    assert document.text == (
        f"{READ}\n\nDear Ole,\n\nthe lamp arrives on 12 March.\nBring the cart."
    )
    assert document.title == "Lamp für Marn"
    assert {block.kind for block in document.blocks} == {"paragraph"}


def test_the_encodings_of_a_part_are_undone() -> None:
    encoded = (
        "Content-Type: text/plain; charset=iso-8859-1\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe aus=\r\n Marn."
    )
    assert read(encoded).text == f"{READ}\n\nGrüße aus Marn."


def test_an_encoding_that_nobody_knows_is_no_fault() -> None:
    assert read("Content-Type: text/plain; charset=klingon\r\n\r\nGrüße.").text.endswith("Grüße.")


def test_plain_text_is_preferred_to_a_web_page() -> None:
    page = "Content-Type: text/html\r\n\r\n<p>A page."
    both = parts("Content-Type: text/plain\r\n\r\nPlain.", page, kind="alternative")
    assert read(both).text.endswith("\n\nPlain.")
    assert read(page).text == f"{READ}\n\nA page."


def test_attachments_are_named_and_not_read() -> None:
    attached = "Content-Disposition: attachment; filename=bill.txt\r\n\r\nsecret"
    forwarded = "Content-Type: message/rfc822\r\n\r\nFrom: x\r\n\r\nforwarded"
    body = parts("Content-Type: text/plain\r\n\r\nOne.", attached, forwarded)
    assert read(body).text == f"{READ}\n\nOne.\n\nAttachments: bill.txt"


def test_scripts_of_a_page_are_left_out() -> None:
    assert read("Content-Type: text/html\r\n\r\n<script>x</script>One.").text == f"{READ}\n\nOne."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"Just words.\n\nMore of them.", "is called .eml, but is not an e-mail"),
        (b"%PDF-1.7", "its content is a PDF"),
        (
            b"From: a\r\n"
            + b"".join(
                b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                for n in range(3_000)
            ),
            "is damaged",
        ),
    ],
)
def test_what_is_none_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        eml.parse(data, "a.eml")
