"""Methods for event loops: the same, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

Self = TypeVar("Self")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def in_thread(
    method: Callable[Concatenate[Self, Arguments], Result],
) -> Callable[Concatenate[Self, Arguments], Coroutine[Any, Any, Result]]:
    """Return an `async` twin of a method, which does not block the event loop."""

    async def twin(self: Self, /, *args: Arguments.args, **named: Arguments.kwargs) -> Result:
        import asyncio

        call = getattr(self, method.__name__)  # a subclass may have another
        result: Result = await asyncio.to_thread(call, *args, **named)
        return result

    update_wrapper(twin, method)
    twin.__name__ = f"a{method.__name__}"
    twin.__qualname__ = method.__qualname__.replace(method.__name__, twin.__name__)
    twin.__doc__ = f"Do as `{method.__name__}` does, in a thread, for an event loop to go on."
    return twin
