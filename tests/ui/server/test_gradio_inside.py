"""What the server takes the place of inside Gradio is still there, and is still called the same.

Whoever takes another minor version of Gradio reads here which module has to be looked at.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio import component_meta, processing_utils
from gradio.blocks import Block, Blocks
from gradio.queueing import Event, EventQueue, Queue
from gradio.routes import App, templates
from jinja2 import BaseLoader

from tests.ui.apart import run_apart

CALLED: list[tuple[str, Callable[..., Any], str]] = [
    ("queue", Queue.__init__, "live_updates concurrency_count update_intervals max_size"),
    ("queue", Queue.push, "body request username"),
    ("queue", Queue.get_events, ""),
    ("queue", Queue.create_event_queue_for_fn, "block_fn"),
    ("page", Queue.close, ""),
    ("page", Blocks.process_api, "block_fn inputs state request"),
    ("page", Blocks.validate_inputs, "block_fn inputs"),
    ("files", processing_utils.check_all_files_in_cache, "data"),
    ("files", processing_utils.move_files_to_cache, "data block postprocess"),
    ("files", processing_utils.async_move_files_to_cache, "data block postprocess"),
    ("files", Block.move_resource_to_block_cache, "url_or_file_path"),
    ("files", Block.async_move_resource_to_block_cache, "url_or_file_path"),
]


async def _page() -> gr.Blocks:
    """Make a page inside of a loop, as else Gradio opens one and leaves it."""
    return gr.Blocks(analytics_enabled=False)


def changed(module: str, what: str) -> str:
    return (
        f"Gradio {gr.__version__} has another {what}: look at ui/server/gradio_patches/{module}.py"
    )


@pytest.mark.parametrize(
    ("module", "function", "expected"), CALLED, ids=lambda one: getattr(one, "__qualname__", None)
)
def test_what_is_replaced_takes_the_same_arguments(
    module: str, function: Callable[..., Any], expected: str
) -> None:
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    wanted = expected.split()
    assert names[: len(wanted)] == wanted, changed(module, function.__qualname__)


@pytest.mark.parametrize(
    ("module", "holder", "names"),
    [
        (
            "queue",
            "queue",
            "live_updates max_thread_count update_intervals max_size default_concurrency_limit "
            "active_jobs event_queue_per_concurrency_id pending_event_ids_session "
            "pending_messages_per_session ANALYTICS_MAX_EVENTS",
        ),
        ("queue", "line", "queue concurrency_limit current_concurrency"),
        ("page", "page", "_queue state_session_capacity is_running"),
    ],
)
def test_what_is_read_or_set_is_there(module: str, holder: str, names: str) -> None:
    page = run_apart(_page)
    held = {"queue": page._queue, "line": EventQueue("id", 1), "page": page}[holder]
    for name in names.split():
        assert hasattr(held, name), changed(module, f"{type(held).__name__}: no {name}")


@pytest.mark.parametrize(
    ("module", "made_by", "names"),
    [
        ("queue", Event.__init__, ("self.username", "self.request", "self.concurrency_id")),
        ("page", App.__init__, ("self.stop_event",)),
        ("start", component_meta.create_or_modify_pyi, ("inspect.getfile(",)),
    ],
)
def test_what_is_read_of_events_apps_and_components_is_made_the_same_way(
    module: str, made_by: Callable[..., Any], names: tuple[str, ...]
) -> None:
    source = inspect.getsource(made_by)
    for name in names:
        assert name in source, changed(module, f"{made_by.__qualname__}: no {name}")


def test_the_page_comes_from_templates_that_have_a_loader() -> None:
    assert isinstance(templates.env.loader, BaseLoader), changed("page", "template loader")


def test_what_came_with_an_event_is_its_data() -> None:
    told = f"Gradio {gr.__version__} has another EventData: look at ui/visitors/messages.py"
    assert getattr(gr.EventData(None, {"a": 1}), "_data", None) == {"a": 1}, told


def test_nothing_else_imports_the_inner_parts_of_gradio() -> None:
    ui = Path(__file__).parents[3] / "ui"
    outside = [path for path in ui.rglob("*.py") if path.parent.name != "gradio_patches"]
    assert len(outside) > 20
    assert [(path.name, name) for path in outside for name in imported(path) if "." in name] == []


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of Gradio that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.split(".")[0] == "gradio")
