"""Gradio opens no file and asks for no address, whatever a client sends for one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio import processing_utils
from gradio.components import Component

from qa.errors import SettingsError
from tests.ui.apart import run_apart
from ui.server.gradio_patches.files import check_no_file, refuse_files
from ui.visitors.messages import RequestError

MARK = {"_type": "gradio.FileData"}
OPENED: list[str] = []
WATCHED: set[str] = set()


def _note(event: str, args: tuple[Any, ...]) -> None:
    if event == "open" and str(args[0]) in WATCHED:
        OPENED.append(str(args[0]))


sys.addaudithook(_note)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[str]:
    """A file that nothing may open."""
    path = tmp_path / "canary.csv"
    path.write_text("canary\n")
    WATCHED.add(str(path))
    yield str(path)
    WATCHED.clear()
    assert OPENED == []


@pytest.fixture(autouse=True)
def refusing() -> None:
    refuse_files()


COMPONENTS = (gr.File, gr.Image, gr.Gallery, gr.Audio, gr.JSON, gr.HTML, gr.MultimodalTextbox)
SHAPES: list[Callable[[str], object]] = [
    lambda path: {"path": path, "meta": MARK},
    lambda path: {"path": path, "url": path, "orig_name": path, "meta": MARK},
    lambda path: [{"path": path, "meta": MARK}],
    lambda path: {"files": [{"a": {"path": path, "meta": MARK}}]},
    lambda path: {"path": path},
    lambda path: {"url": path},
    lambda path: {"meta": MARK},
]


async def prepared(values: Iterable[object], *components: type[Component]) -> list[object]:
    """Have Gradio prepare values for functions of components, as it does with a client's.

    Return what comes of each value with each component: a value, or an error.
    """
    with gr.Blocks(analytics_enabled=False) as page:
        for component in components:
            gr.Button().click(lambda given: given, component(), None)
    done: list[object] = []
    for value in values:
        for function in page.fns.values():
            try:
                done += await page.preprocess_data(function, [value], None)
            except Exception as error:
                done.append(error)
    return done


@pytest.mark.parametrize("shape", SHAPES)
def test_no_component_takes_a_file_or_an_address(
    canary: str, shape: Callable[[str], object]
) -> None:
    paths = (canary, "http://name.example/x", f"file://{canary}", "data:text/plain,x")
    told = run_apart(prepared, [shape(path) for path in paths], *COMPONENTS)
    assert len(told) == len(paths) * len(COMPONENTS)
    for error in told:
        assert isinstance(error, RequestError)
        assert str(error).startswith("a file or an address cannot be sent this way")


def test_a_file_in_the_data_of_an_event_is_refused_too(canary: str) -> None:
    data: Any = {"turn": {"path": canary}}
    with pytest.raises(RequestError):
        processing_utils.check_all_files_in_cache(data)


def test_what_a_function_returns_goes_out_unopened(canary: str) -> None:
    file = {"path": canary, "meta": MARK}

    async def answer() -> Any:
        with gr.Blocks(analytics_enabled=False) as page:
            gr.Button().click(lambda: file, None, gr.HTML())
        (function,) = page.fns.values()
        return await page.postprocess_data(function, [[file]], None)

    assert run_apart(answer) == [[[file]]]


def test_what_is_no_file_is_passed_on_as_it_is() -> None:
    value = {"question": "Which path?", "history": ["a"], "path": None, "meta": {"page": 3}}
    assert run_apart(prepared, [value], gr.JSON) == [value]


def test_a_value_may_be_as_deep_as_it_likes() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    check_no_file(deep)
    with pytest.raises(RequestError):
        check_no_file([deep, {"path": "x"}])


def test_a_gradio_that_takes_files_in_another_way_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(processing_utils, "async_move_files_to_cache")
    with pytest.raises(
        SettingsError, match=r"has no async_move_files_to_cache, so it is not known"
    ):
        refuse_files()
