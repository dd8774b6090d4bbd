"""What the server takes the place of inside Gradio is still there, and is still called the same.

Whoever takes another minor version of Gradio reads here which module has to be looked at.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
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
    ("fair_queue", Queue.__init__, "live_updates concurrency_count update_intervals max_size"),
    ("fair_queue", Queue.push, "body request username"),
    ("fair_queue", Queue.get_events, ""),
    ("fair_queue", Queue.create_event_queue_for_fn, "block_fn"),
    ("server", Queue.close, ""),
    ("server", Blocks.process_api, "block_fn inputs state request"),
    ("server", Blocks.validate_inputs, "block_fn inputs"),
    ("no_files", processing_utils.check_all_files_in_cache, "data"),
    ("no_files", processing_utils.move_files_to_cache, "data block postprocess"),
    ("no_files", processing_utils.async_move_files_to_cache, "data block postprocess"),
    ("no_files", Block.move_resource_to_block_cache, "url_or_file_path"),
    ("no_files", Block.async_move_resource_to_block_cache, "url_or_file_path"),
]


async def _page() -> gr.Blocks:
    """Make a page inside of a loop, as else Gradio opens one and leaves it."""
    return gr.Blocks(analytics_enabled=False)


def changed(module: str, what: str) -> str:
    return f"Gradio {gr.__version__} has another {what}: look at ui/server/{module}.py"


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
            "fair_queue",
            "queue",
            "live_updates max_thread_count update_intervals max_size default_concurrency_limit "
            "active_jobs event_queue_per_concurrency_id pending_event_ids_session "
            "pending_messages_per_session ANALYTICS_MAX_EVENTS",
        ),
        ("fair_queue", "line", "queue concurrency_limit current_concurrency"),
        ("server", "page", "_queue state_session_capacity is_running"),
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
        ("fair_queue", Event.__init__, ("self.username", "self.request", "self.concurrency_id")),
        ("server", App.__init__, ("self.stop_event",)),
        ("gradio_start", component_meta.create_or_modify_pyi, ("inspect.getfile(",)),
    ],
)
def test_what_is_read_of_events_apps_and_components_is_made_the_same_way(
    module: str, made_by: Callable[..., Any], names: tuple[str, ...]
) -> None:
    source = inspect.getsource(made_by)
    for name in names:
        assert name in source, changed(module, f"{made_by.__qualname__}: no {name}")


def test_the_page_comes_from_templates_that_have_a_loader() -> None:
    assert isinstance(templates.env.loader, BaseLoader), changed("page_policy", "template loader")
