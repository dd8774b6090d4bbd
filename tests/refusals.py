"""What tests of loaders share."""

from __future__ import annotations

import pytest

from qa.errors import LoadError
from qa.loaders import load


def refusal(path: object) -> str:
    with pytest.raises(LoadError) as caught:
        load(str(path))
    assert caught.value.source == str(path)
    return str(caught.value)
