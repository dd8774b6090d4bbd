"""Keeps Gradio from taking what a client sends for a file or an address.

Where a value looks like one, Gradio opens the path or fetches the address before the page's own
code sees it, and its check of allowed paths has no effect on a mounted page. No part of this page
takes a file from Gradio, so every such value is refused.
"""

from __future__ import annotations

from typing import Any

import gradio
from gradio import processing_utils
from gradio.blocks import Block
from gradio.data_classes import GradioModel, GradioRootModel

from qa.errors import SettingsError
from ui.visitors.messages import RequestError

_FILE_TYPE = "gradio.FileData"


def refuse_files() -> None:
    """Make Gradio refuse files and addresses, on every page of this process.

    Raises:
        SettingsError: this version of Gradio takes files in another way.
    """
    replacements = {
        (processing_utils, "check_all_files_in_cache"): check_no_file,
        (processing_utils, "move_files_to_cache"): _unmoved,
        (processing_utils, "async_move_files_to_cache"): _unmoved_async,
        (Block, "move_resource_to_block_cache"): _refuse,
        (Block, "async_move_resource_to_block_cache"): _refuse_async,
    }
    for holder, name in replacements:
        if not hasattr(holder, name):
            raise SettingsError(
                f"Gradio {gradio.__version__} has no {name}, so it is not known how it takes "
                "files: install the version that requirements.txt names"
            )
    for (holder, name), function in replacements.items():
        setattr(holder, name, function)


def check_no_file(data: object) -> None:
    """Check all of a value, at any depth.

    Raises:
        RequestError: something in it names a file or an address.
    """
    rest = [data]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            if _is_file(value):
                raise RequestError(
                    "a file or an address cannot be sent this way: add the file on the page"
                )
            rest.extend(value.values())
        elif isinstance(value, list | tuple):
            rest.extend(value)


def _is_file(value: dict[object, object]) -> bool:
    meta = value.get("meta")
    is_marked = isinstance(meta, dict) and meta.get("_type") == _FILE_TYPE
    return is_marked or any(isinstance(value.get(key), str) for key in ("path", "url"))


def _unmoved(data: object, _: object, postprocess: bool = False, **__: object) -> object:
    """Return a value as it is, checked if it comes from a client."""
    plain = data.model_dump() if isinstance(data, GradioModel | GradioRootModel) else data
    if not postprocess:
        check_no_file(plain)
    return plain


async def _unmoved_async(*args: Any, **options: Any) -> object:
    return _unmoved(*args, **options)


def _refuse(_: object, path: object) -> None:
    if path is not None:
        raise RequestError("a file or an address cannot be used here")


async def _refuse_async(block: object, path: object) -> None:
    _refuse(block, path)
