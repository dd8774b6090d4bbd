from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.loaders import find, load
from qa.loaders.kinds import CODE, SCRIPTS
from qa.loaders.parsers import code
from qa.text.sentences import split_sentences
from tests.refusals import refusal

PYTHON = '''#!/usr/bin/env python
"""Opens the lighthouse. It needs a key."""

LAMP = 31  # metres


def light(hours):
    """Light the lamp. Return the oil that it took."""
    # The lamp is old,
    # so wait for it.
    return hours * LAMP
'''


def sentences(path: Path, text: str) -> list[str]:
    path.write_bytes(text.encode())
    (document,) = load(path)
    assert document.text == text
    return [text[s.start : s.end] for s in split_sentences(document.text, document.blocks)]


def test_comments_and_docstrings_have_sentences_and_code_has_paragraphs(tmp_path: Path) -> None:
    assert sentences(tmp_path / "light.py", PYTHON) == [
        "#!/usr/bin/env python",
        '"""',
        "Opens the lighthouse.",
        "It needs a key.",
        '"""',
        "LAMP = 31  # metres",
        "def light(hours):",
        '"""',
        "Light the lamp.",
        "Return the oil that it took.",
        '"""',
        "# The lamp is old,\n    # so wait for it.",
        "return hours * LAMP",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.c", "#include <x.h>\r\n/* Lights it. Twice. */\r\nint light(void);\r\n"),
        ("a.js", "// Lights it. Twice.\nexport const light = 1\n"),
        ("a.SQL", "-- Lights it. Twice.\nSELECT 1;\n"),
        ("a.sh", "#!/bin/sh\n# Lights it. Twice.\necho 1\n"),
    ],
)
def test_other_languages_are_read_as_well(tmp_path: Path, name: str, text: str) -> None:
    assert any(each.endswith("Lights it.") for each in sentences(tmp_path / name, text))


@pytest.mark.parametrize("suffix", sorted(CODE))
def test_each_language_is_known(suffix: str) -> None:
    from pygments.lexers import find_lexer_class_for_filename

    assert find_lexer_class_for_filename(f"a{suffix}") is not None


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("\"'#/*\\ \r\n\tax(){}`$-é"), min_size=1))
def test_no_character_is_changed_and_the_blocks_follow_each_other(text: str) -> None:
    for name in ("a.py", "a.js", "a.sh", "a.c"):
        read = code.parse(text.encode(), name)
        assert read.text == text
        end = 0
        for start, behind, _, _ in read.blocks:
            assert end <= start < behind
            assert text[start:behind] == text[start:behind].strip()
            end = behind


def test_scripts_are_left_out_where_web_pages_are_unless_they_are_named(tmp_path: Path) -> None:
    for name in ("menu.js", "tool.py"):
        (tmp_path / name).write_text("x = 1")
    assert [file.id for file in find(tmp_path)] == ["menu.js", "tool.py"]
    (tmp_path / "index.html").write_text("One.")
    assert [file.id for file in find(tmp_path)] == ["index.html", "tool.py"]
    assert [file.id for file in find(tmp_path / "menu.js")] == ["menu.js"]
    assert SCRIPTS < CODE


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "video.ts").write_bytes(b"G\0\0\0")
    assert "looks like a binary file" in refusal(tmp_path / "video.ts")
