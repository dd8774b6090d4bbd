"""A page with a fair queue, with errors that are sentences, and with marked scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.routes import templates
from gradio.utils import get_function_description
from jinja2 import BaseLoader, Environment

from qa.errors import SettingsError
from ui.escaping import exact
from ui.server.gradio_patches.queue import FairQueue
from ui.visitors.errors import sentence
from ui.visitors.limits import SESSIONS_KEPT

_TOAST_SECONDS = 6
_SCRIPT_TAG = re.compile(r"<script\b")

function_description = get_function_description
"""Return what a function does, what its arguments mean, and what it returns, from its docstring."""


def patch_page(page: gr.Blocks, at_work: dict[str, int], nonce_key: str) -> None:
    """Replace the page's queue, its errors and the template that it is made from.

    Args:
        page: the page.
        at_work: as `FairQueue` takes it.
        nonce_key: the key of a request's scope that holds the nonce of the scripts.
    """
    page._queue = FairQueue(page, at_work)
    page.state_session_capacity = SESSIONS_KEPT
    _explain_errors(page)
    loader = templates.env.loader
    if loader is not None and not isinstance(loader, _MarkedScripts):
        templates.env.loader = _MarkedScripts(loader, nonce_key)


def close_streams(page: gr.Blocks) -> None:
    """End what the page streams to browsers."""
    page._queue.close()  # type: ignore[no-untyped-call]
    page.is_running = False
    page.app.stop_event.set()


@contextmanager
def explained(shown: Callable[[str], str] = exact) -> Iterator[None]:
    """Turn any error into one sentence for the reader.

    Args:
        shown: what is done to the sentence; the page takes it as HTML.
    """
    try:
        yield
    except gr.Error as error:
        error.print_exception = False  # a value out of bounds is the client's mistake
        raise
    except Exception as error:
        raise gr.Error(
            shown(sentence(error)), duration=_TOAST_SECONDS, print_exception=False
        ) from None


def _explain_errors(page: gr.Blocks) -> None:
    """Turn every error into one sentence for the client, such as one about missing values."""
    process = page.process_api

    async def explained_process(*args: Any, **kwargs: Any) -> Any:
        with explained():
            return await process(*args, **kwargs)

    def check_count(block_fn: Any, inputs: list[Any]) -> None:
        if len(inputs) < len(block_fn.inputs):
            needed = f"this needs {len(block_fn.inputs)} values, and got {len(inputs)}"
            raise SettingsError(needed)

    page.process_api = explained_process  # type: ignore[method-assign]
    page.validate_inputs = check_count  # type: ignore[method-assign]


class _MarkedScripts(BaseLoader):
    """Loads templates, and marks each script in them with the nonce of the request.

    What is filled into a template is not marked.
    """

    def __init__(self, loader: BaseLoader, nonce_key: str) -> None:
        self._loader = loader
        self._mark = f"<script nonce=\"{{{{ request.scope['{nonce_key}'] }}}}\""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, is_fresh = self._loader.get_source(environment, template)
        return _SCRIPT_TAG.sub(self._mark, source), name, is_fresh
