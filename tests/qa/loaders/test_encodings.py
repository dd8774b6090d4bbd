"""Text that is not in UTF-8."""

from __future__ import annotations

import codecs
import random
from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.loaders import find_all, load, load_all
from qa.loaders.parsers import Refused
from qa.loaders.parsers.encodings import DETECTED, WITH_NULS, codec_of, decoded

GERMAN = "Füße und Straßen. Die Bären gehen über die Brücke."
FRENCH = "L’été dernier, nous avons mangé des crêpes à la plage — c’était génial."
POLISH = "Zażółć gęślą jaźń. Muzeum otwiera się o dziewiątej."
RUSSIAN = "Музей открывается в девять часов. Билеты стоят пять евро."
GREEK = "Το μουσείο ανοίγει στις εννέα. Τα εισιτήρια κοστίζουν πέντε ευρώ."
JAPANESE = "博物館は九時に開きます。入場料は五ユーロです。"
CHINESE = "博物馆九点开门。门票五欧元。"
KOREAN = "박물관은 아홉 시에 문을 엽니다. 입장료는 오 유로입니다."


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("Füße", "latin-1", "windows-1252"),
        (GERMAN, "latin-1", "windows-1252"),
        (GERMAN, "utf-16-le", "utf-16le"),
        (GERMAN, "utf-16-be", "utf-16be"),
        (FRENCH, "cp1252", "windows-1252"),
        (POLISH, "cp1250", "windows-1250"),
        (POLISH, "iso8859-2", "iso-8859-2"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (RUSSIAN, "utf-16-le", "utf-16le"),
        (GREEK, "cp1253", "windows-1253"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "euc-jp", "euc-jp"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "utf-16-be", "utf-16be"),
        (KOREAN, "cp949", "cp949"),
    ],
)
def test_an_encoding_is_detected(text: str, codec: str, name: str) -> None:
    text = f"{text}\r\n"
    assert decoded(text.encode(codec)) == (text, name)


def test_every_encoding_that_is_detected_may_be_named() -> None:
    for name, codec in (DETECTED | WITH_NULS).items():
        named = codec_of(name)
        assert named is not None
        assert codecs.lookup(named).name == codecs.lookup(codec).name


def test_an_encoding_is_detected_by_what_comes_late_in_a_long_text() -> None:
    text = "plain words in a line\n" * 20_000 + f"{FRENCH}\n"
    assert decoded(text.encode("cp1252")) == (text, "windows-1252")


def test_utf_8_with_a_damaged_byte_is_not_taken_for_something_else() -> None:
    with pytest.raises(Refused, match=r"not valid UTF-8: the byte at offset 57 \(0xff\)"):
        decoded(f"{GERMAN} ".encode() + b"\xff")


@pytest.mark.parametrize(
    "data", [b"text\0text", bytes(range(256)), random.Random(1).randbytes(9_999)]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="looks like a binary file; if it is text, name its encoding"):
        decoded(data)


class TestNamed:
    def test_it_is_taken_for_what_is_not_utf_8(self) -> None:
        assert decoded(GERMAN.encode("cp1250"), "windows-1250") == (GERMAN, "windows-1250")
        assert decoded(GERMAN.encode(), "windows-1250") == (GERMAN, "")

    def test_it_must_fit(self) -> None:
        with pytest.raises(Refused, match=r"not valid UTF-16-LE: the byte at offset 2 \(0x62\)"):
            decoded(b"a\0b", "utf-16le")

    @pytest.mark.parametrize("label", ["latin-1", "ISO-8859-1", "windows-1252", "cp1252"])
    def test_latin_1_is_what_it_is_to_browsers(self, label: str) -> None:
        assert decoded("“Füße” €".encode("cp1252"), label).text == "“Füße” €"

    @pytest.mark.parametrize("label", ["nonsense", "rot13", "hex", "zip", "", "a\0b"])
    def test_it_must_be_one(self, label: str) -> None:
        with pytest.raises(SettingsError, match=r"there is no encoding .* such as windows-1252"):
            find_all([], encoding=label)


def test_a_document_tells_its_encoding_and_has_the_digest_of_its_text(tmp_path: Path) -> None:
    for name, codec in (("a.txt", "cp1252"), ("b.md", "utf-16-le"), ("c.txt", "utf-8")):
        (tmp_path / name).write_bytes(FRENCH.encode(codec))
    documents = load(tmp_path)
    assert [each.encoding for each in documents] == ["windows-1252", "utf-16le", ""]
    assert {each.text for each in documents} == {FRENCH}
    assert len({each.sha256 for each in documents}) == 1
    (other,) = load_all([tmp_path / "a.txt"], encoding="windows-1251")
    assert (other.encoding, other.sha256 != documents[0].sha256) == ("windows-1251", True)
