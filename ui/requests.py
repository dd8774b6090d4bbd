"""What the page's scripts ask of the server, in plain data, of which nothing is believed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from qa.errors import QAError
from ui.errors import sentence

Data = dict[str, Any]
"""An answer to a request; what goes wrong is in it as `error`, one sentence for the reader."""


class RequestError(QAError):
    """A request is not what the page's scripts send."""


class Request(BaseModel):
    """A request; what it does not name is passed over."""

    model_config = ConfigDict(strict=True, frozen=True)


Model = TypeVar("Model", bound=Request)


def parsed(model: type[Model], request: object) -> Model:
    """Read a request.

    Raises:
        RequestError: it is none of this kind.
    """
    try:
        return model.model_validate(request)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        raise RequestError(
            f"the page sent what cannot be read ({where}: {first['msg']}): reload it"
        ) from None


def told(handler: Callable[..., Data]) -> Callable[..., Data]:
    """Give what goes wrong in a handler as its answer."""

    @functools.wraps(handler)
    def handle(*args: object) -> Data:
        try:
            return handler(*args)
        except Exception as error:
            return {"error": sentence(error)}

    return handle


def plain(method: Callable[[object], Data]) -> Callable[[object], Data]:
    """Give a method as a function, which Gradio puts a mark on."""

    @functools.wraps(method)
    def call(request: object) -> Data:
        return method(request)

    return call
