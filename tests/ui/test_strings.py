"""All that the page says stands in `ui/page/strings.json`, and nothing else does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import chain
from typing import Any, NamedTuple

import pytest
from jinja2 import Environment, nodes
from playwright.sync_api import Page

from ui.assets import PAGE, strings
from ui.strings import STRINGS, say, say_in_markup

CODE = PAGE.parent
NAMES = {"inquote", "inquote compare"}
FIXED = {
    *("Enter", "Escape", "ArrowLeft", "ArrowRight", "Files", "Content-Type"),  # a browser's
    *("wrong answer", "incomplete answer", "not in the documents", "not found"),  # tags in files
    *("abstention recall", "questions seconds"),  # measures
    *("your documents", "your runs", "your questions"),  # in errors
}
TWO_WORDS = re.compile(r"[^\W\d_]{2,}[,:;]? [^\W\d_]")
CODE_SIGNS = re.compile(r"[(=<\[#]|iq-|\.\w")
LABEL = re.compile(
    r"(textContent|title|placeholder|label'?|\b(say|linkButton)\()\s*[:=,]?\s*$", re.I
)


def is_sentence(text: str) -> bool:
    """Return whether a constant has two words in a row, and is no code."""
    return bool(TWO_WORDS.search(text)) and not CODE_SIGNS.search(text) and text not in FIXED


def is_label(text: str) -> bool:
    """Return whether a constant begins as what is shown does."""
    return bool(re.match(r"[A-Z][a-z]", text)) and text not in FIXED


# Markup.


class Shown(HTMLParser):
    """Collects what a reader sees or hears of markup."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name in {"title", "aria-label", "aria-valuetext", "placeholder", "alt"}:
                self.handle_data(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in {"style", "script"} and data.strip() not in NAMES:
            self.found += re.findall(r"[^\W\d_].*", data)


def words_in_html(text: str) -> list[str]:
    parser = Shown()
    parser.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL))
    return parser.found


def words_in_markup(text: str) -> list[str]:
    found = words_in_html(text)
    for constant in Environment().parse(text).find_all(nodes.Const):
        if isinstance(constant.value, str):
            found += words_in_constant(constant.value) or filter(is_label, [constant.value])
    return found


def words_in_constant(text: str) -> list[str]:
    return words_in_html(text) if "</" in text else [text] if is_sentence(text) else []


# Scripts.


def literals(script: str) -> Iterator[tuple[str, str]]:
    """Yield each string of a script, with what stands before it in its line."""
    for found in re.finditer(r"//[^\n]*|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`", script):
        text = found[1] if found[1] is not None else found[2]
        if text is not None:
            before = script[: found.start()].rpartition("\n")[2]
            yield re.sub(r"\\.|\$\{.*?\}", "", text), before


def words_in_script(script: str) -> list[str]:
    return [
        text
        for text, before in literals(script)
        if (LABEL.search(before) and re.search(r"[^\W\d_]", text) and "." not in text)
        or (
            (is_sentence(text) or is_label(text))
            and not re.search(r"(querySelector\w*|closest)\($", before)
        )
    ]


# Python.


def words_in_python(code: str) -> list[str]:
    tree = ast.parse(code)
    silent = set(chain.from_iterable(map(ast.walk, filter(_is_silent, ast.walk(tree)))))
    shown = [text for node in ast.walk(tree) if node not in silent for text in _text(node)]
    return [*chain.from_iterable(map(words_in_constant, shown)), *filter(is_label, _labels(tree))]


def _text(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return []


def _is_silent(node: ast.AST) -> bool:
    """Return whether what is inside is a docstring, an error or a line of the log."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    return isinstance(node, ast.Raise) or name == "log_line" or name.endswith(("Error", "_large"))


def _labels(tree: ast.AST) -> Iterator[str]:
    """Yield the strings that Gradio's components are given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("gr."):
            for one in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from _text(one)


# What is used.


class Use(NamedTuple):
    """A place that says something: its keys, in which `[^.]+` is a part of any name, and values."""

    keys: list[str]
    values: set[str]


def uses_in_markup(text: str) -> Iterator[Use]:
    for call in Environment().parse(text).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "say":
            key = call.args[0]
            constants = [key] if isinstance(key, nodes.Const) else key.find_all(nodes.Const)
            yield Use([str(one.value) for one in constants], {one.key for one in call.kwargs})


def uses_in_python(code: str) -> Iterator[Use]:
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "say":
            yield Use(_keys(call.args[0]), {one.arg or "" for one in call.keywords})


def _keys(node: ast.expr) -> list[str]:
    if isinstance(node, ast.JoinedStr):
        return ["".join("".join(_text(one)) or "[^.]+" for one in node.values)]
    if isinstance(node, ast.IfExp):
        return _keys(node.body) + _keys(node.orelse)
    return _text(node)


def uses_in_script(script: str) -> Iterator[Use]:
    for call in re.finditer(r"(?<![.\w])say\((?!\w+(, \w+)*( = \{\})?\) \{)", script):
        key, *rest = _arguments(script[call.end() :])
        keys = [
            re.sub(r"\$\{.*?\}", "[^.]+", found[1] or found[2])
            for found in re.finditer(r"'(\w+(?:\.\w+)+)'|`([^`]+)`", key)
        ]
        values = _arguments(rest[0].strip()[1:]) if rest else []
        yield Use(keys, {found[0] for one in values if (found := re.search(r"\w+", one))})


def _arguments(text: str) -> list[str]:
    """Return what stands between commas, up to the bracket that closes the list."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            break
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def uses() -> Iterator[Use]:
    for path in PAGE.glob("*.html"):
        yield from uses_in_markup(path.read_text(encoding="utf-8"))
    for path in PAGE.glob("*.js"):
        yield from uses_in_script(path.read_text(encoding="utf-8"))
    for path in CODE.rglob("*.py"):
        yield from uses_in_python(path.read_text(encoding="utf-8"))


def flat(group: dict[str, Any], before: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield each key with its forms, of which there are two where a count decides."""
    for name, one in group.items():
        if isinstance(one, str):
            yield before + name, [one]
        elif set(one) == {"one", "other"}:
            yield before + name, list(one.values())
        else:
            yield from flat(one, f"{before}{name}.")


KEYS = dict(flat(STRINGS))


def matching(use: Use) -> list[str]:
    return [key for key in KEYS if any(re.fullmatch(one, key) for one in use.keys)]


@pytest.mark.parametrize("path", sorted(PAGE.glob("*.html")), ids=lambda path: path.name)
def test_markup_has_no_words_of_its_own(path: Any) -> None:
    assert words_in_markup(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted(PAGE.glob("*.js")), ids=lambda path: path.name)
def test_scripts_have_no_words_of_their_own(path: Any) -> None:
    assert words_in_script(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("folder", ["app.py", "chat", "evaluation", "visitors"])
def test_python_has_no_words_for_the_page(folder: str) -> None:
    place = CODE / folder
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        assert words_in_python(path.read_text(encoding="utf-8")) == [], path.name


@pytest.mark.parametrize(
    "markup",
    [
        "<p>Hello</p>",
        '<b title="Hello">1</b>',
        "{{ 'Hello' if it else '' }}",
        "{{ '<b>Hello</b>' }}",
    ],
)
def test_words_in_markup_are_found(markup: str) -> None:
    assert words_in_markup(markup) == ["Hello"]


@pytest.mark.parametrize(
    "script",
    [
        "line.textContent = 'hello'",
        "Object.assign(input, {placeholder: 'hello'})",
        "mark.setAttribute('aria-label', `hello ${number}`)",
        "return 'Hello'",
        "return isWrong ? '' : 'hello to you, reader'",
        "this.say(`${name} is here`)",
    ],
)
def test_words_in_a_script_are_found(script: str) -> None:
    assert len(words_in_script(script)) == 1


@pytest.mark.parametrize(
    "code",
    [
        'said = "hello to you"',
        'said = f"{name} is removed."',
        'said = f"<b>hello</b>"',
        'gr.Tab("Hello")',
        'gr.Slider(0, 1, label="Hello")',
    ],
)
def test_words_in_python_are_found(code: str) -> None:
    assert len(words_in_python(code)) == 1


def test_every_use_names_a_string_and_gives_its_values() -> None:
    for use in uses():
        assert use.keys, use
        places = {key: _places(key) for key in matching(use)}
        for pattern in use.keys:
            assert any(re.fullmatch(pattern, key) for key in places), pattern
        for key, wanted in places.items():
            assert wanted <= use.values, key
            assert len(KEYS[key]) == 1 or "count" in use.values, key
        assert use.values <= set().union(*places.values()) | {"count"}, use


def _places(key: str) -> set[str]:
    return set().union(*(re.findall(r"\{(\w+)\}", form) for form in KEYS[key]))


def test_every_string_is_used() -> None:
    used = set(chain.from_iterable(map(matching, uses())))
    assert set(KEYS) - used == set()


def test_a_count_decides_between_singular_and_plural() -> None:
    assert say("conversations.questions", count=1) == "1 question"
    assert say("conversations.questions", count=1_234) == "1,234 questions"


def test_values_are_escaped_in_markup() -> None:
    assert say_in_markup("documents.removed", name="<a>") == "&lt;a&gt; is removed."


@pytest.mark.parametrize("key", ["ask.nothing", "nothing.send", "ask.placeholder_of"])
def test_an_unknown_key_and_a_missing_value_are_errors(key: str) -> None:
    with pytest.raises(KeyError):
        say(key)


@pytest.mark.browser
def test_scripts_say_the_same(page: Page) -> None:
    page.add_script_tag(content=strings())
    said = "([key, values]) => { try { return say(key, values); } catch { return null; } }"
    for key, values in (
        ("conversations.questions", {"count": 1}),
        ("conversations.questions", {"count": 1_234}),
        ("documents.removed", {"name": "{name} </script>"}),
    ):
        assert page.evaluate(said, [key, values]) == say(key, **values)
    for key in ("ask.nothing", "nothing.send", "ask.placeholder_of"):
        assert page.evaluate(said, [key, {}]) is None
