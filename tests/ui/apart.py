"""An event loop for a test: in a thread of its own, as the browser's tests leave one running."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import anyio

P = ParamSpec("P")
T = TypeVar("T")


def run_apart(function: Callable[..., Awaitable[T]], *args: object) -> T:
    """Run an asynchronous function, and return what it returns."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(anyio.run, functools.partial(function, *args)).result()


def in_loop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Make a test of an asynchronous function."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        run_apart(functools.partial(test, *args, **kwargs))

    return run
