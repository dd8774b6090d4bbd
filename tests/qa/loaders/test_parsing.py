"""Files are parsed in processes of their own, which do not outlive what goes wrong in them."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qa.loaders import parsing
from qa.loaders.parsers import Extracted, Refused
from qa.loaders.parsing import Limits, parse
from tests.pdf_files import pages_of

pytestmark = pytest.mark.process

PAGE = b"<title>A page</title><p>One.<p>Two."
MISCHIEF = {
    "crash": "import os; os.abort()",
    "sleep": "import time; time.sleep(60)",
    "spin": "while True: pass",
    "eat": "data = [bytes(1_000_000) for _ in range(100_000)]",
    "swell": "global held; held = bytearray(b'x') * 400_000_000",
    "print": "import os; os.write(1, b'{}\\n'); print('{}')",
    "leave": "raise SystemExit",
    "fail": "raise RecursionError",
}


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[parsing._Pool]:
    """Start with no process, and leave none."""
    pool = parsing._Pool()
    monkeypatch.setattr(parsing, "_pool", pool)
    yield pool
    pool.close()


@pytest.fixture
def mischievous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have the parser of HTML run a piece of code where a file holds the word for it."""
    copy = tmp_path / "parsers"
    copy.mkdir()
    here = Path(parsing.__file__).parent / "parsers"
    for path in here.glob("*.py"):
        (copy / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "qa" / "loaders").mkdir(parents=True)
    copy.rename(tmp_path / "qa" / "loaders" / "parsers")
    html = tmp_path / "qa" / "loaders" / "parsers" / "html.py"
    monkeypatch.setattr(parsing, "_WORKER", html.with_name("worker.py"))

    def does(code: str) -> None:
        source = (here / "html.py").read_text(encoding="utf-8")
        changed = source.replace(
            "    flow = Flow()\n",
            f"    if b'mischief' in data:\n        {code}\n    flow = Flow()\n",
        )
        assert changed != source
        html.write_text(changed, encoding="utf-8")

    return does


def processes(pool: parsing._Pool) -> list[int]:
    return [worker._process.pid for worker in pool._idle]


def test_what_is_read_comes_back(pool: parsing._Pool) -> None:
    assert parse("html", PAGE, "a.html") == Extracted("One.\n\nTwo.", "A page", ())
    assert parse("pdf", pages_of(["One", "two."]), "a.pdf").pages == (0, 4)


def test_one_process_parses_file_after_file(pool: parsing._Pool) -> None:
    parse("html", PAGE, "a.html")
    first = processes(pool)
    with pytest.raises(Refused, match="its content is a PDF"):
        parse("html", b"%PDF-1.7", "a.html")
    parse("pdf", pages_of(["One", "two."]), "a.pdf")
    assert processes(pool) == first
    assert len(first) == 1


@pytest.mark.parametrize("code", ["crash", "leave", "fail"])
def test_a_crash_is_one_files_error(
    pool: parsing._Pool, mischievous: Callable[[str], None], code: str
) -> None:
    mischievous(MISCHIEF[code])
    for _ in range(2):  # in a new process, and in one that is used again
        with pytest.raises(Refused, match="damaged: parsing it fails"):
            parse("html", b"mischief", "a.html")
        assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."


@pytest.mark.parametrize("code", ["sleep", "spin"])
def test_a_process_that_takes_too_long_is_killed(
    pool: parsing._Pool, mischievous: Callable[[str], None], code: str
) -> None:
    mischievous(MISCHIEF[code])
    parse("html", PAGE, "a.html")
    before = processes(pool)
    with pytest.raises(Refused, match=r"takes more than 0\.5 seconds"):
        parse("html", b"mischief", "a.html", Limits(seconds=0.5))
    assert processes(pool) == []
    with pytest.raises(ProcessLookupError):
        os.kill(before[0], 0)
    assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."


@pytest.mark.skipif(sys.platform != "linux", reason="limits no memory")
def test_a_process_that_takes_too_much_memory_is_replaced(
    pool: parsing._Pool, mischievous: Callable[[str], None]
) -> None:
    mischievous(MISCHIEF["eat"])
    with pytest.raises(Refused, match="takes more than 200,000,000 bytes of memory"):
        parse("html", b"mischief", "a.html", Limits(memory=200_000_000))
    assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."


@pytest.mark.skipif(sys.platform != "linux", reason="limits no memory")
def test_a_page_that_does_not_fit_into_memory_is_not_read_in_part() -> None:
    with pytest.raises(Refused, match="memory"):
        parse("html", b"x" * 40_000_000, "a.html", Limits(memory=130_000_000))


@pytest.mark.parametrize(
    "stand_in",
    {
        "macOS": """
            RLIM_INFINITY, RLIMIT_CPU, RLIMIT_AS = 2**63 - 1, 0, 5
            def getrlimit(kind):
                return RLIM_INFINITY, RLIM_INFINITY
            def setrlimit(kind, limits):
                if kind == RLIMIT_AS:
                    raise ValueError("current limit exceeds maximum limit")
        """,
        "a system without limits of memory": """
            RLIM_INFINITY, RLIMIT_CPU = 2**63 - 1, 0
            getrlimit = lambda kind: (RLIM_INFINITY, RLIM_INFINITY)
            setrlimit = lambda kind, limits: None
        """,
        "Windows": "raise ImportError",
    }.values(),
)
def test_files_are_read_where_the_system_limits_no_memory(
    pool: parsing._Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: str
) -> None:
    used = "from pathlib import Path\nPath(__file__).with_name('used').touch()\n"
    (tmp_path / "resource.py").write_text(used + textwrap.dedent(stand_in))
    monkeypatch.syspath_prepend(tmp_path)
    assert parse("pdf", pages_of(["One", "two."]), "a.pdf").pages == (0, 4)
    assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."
    assert len(processes(pool)) == 1
    assert (tmp_path / "used").exists()


def test_what_a_library_prints_is_not_taken_for_a_reply(
    mischievous: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    mischievous(MISCHIEF["print"])
    assert parse("html", b"<p>mischief", "a.html").text == "mischief"
    assert capfd.readouterr() == ("", "")


def test_a_process_that_died_while_it_waited_is_replaced(pool: parsing._Pool) -> None:
    parse("html", PAGE, "a.html")
    pool._idle[0]._process.kill()
    assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."
    pool._idle[0]._process.kill()
    pool._idle[0]._process.wait()
    assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."


def test_a_process_is_kept_however_much_memory_is_held_beside_it(pool: parsing._Pool) -> None:
    held = bytearray(b"x") * 400_000_000
    parse("html", PAGE, "a.html")
    first = processes(pool)
    for _ in range(3):
        parse("html", PAGE, "a.html")
    assert processes(pool) == first
    assert len(held) == 400_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="does not tell how much memory it holds")
def test_a_process_that_holds_much_memory_is_not_kept(
    pool: parsing._Pool, mischievous: Callable[[str], None]
) -> None:
    mischievous(MISCHIEF["swell"])
    assert parse("html", b"mischief", "a.html").text == "mischief"
    pool._idle[0]._process.wait(timeout=10)
    assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."


def test_threads_parse_beside_each_other_and_no_more_than_a_few(pool: parsing._Pool) -> None:
    texts: list[str] = []

    def run(number: int) -> None:
        texts.append(parse("html", b"<p>%d" % number, "a.html").text)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts, key=int) == [str(n) for n in range(20)]
    assert len(processes(pool)) <= parsing.AT_ONCE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
def test_a_forked_process_starts_its_own() -> None:
    parse("html", PAGE, "a.html")
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=lambda: sender.send(parse("html", PAGE, "a.html").text), daemon=True
    )
    child.start()
    assert receiver.poll(20)
    assert receiver.recv() == "One.\n\nTwo."
    child.join()
    assert parse("html", PAGE, "a.html").text == "One.\n\nTwo."


WITHOUT_MAIN = """
import sys
sys.argv = [""]
del sys.modules["__main__"]
from qa.loaders import load
print([document.text for document in load(%r)], "multiprocessing" in sys.modules)
"""


def test_a_script_without_a_guarded_main_reads_files(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE)
    code = WITHOUT_MAIN % str(tmp_path)
    for command in (["-c", code], ["-W", "error", "-c", code]):
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=True
        )
        assert done.stdout == "['One.\\n\\nTwo.'] False\n"
        assert done.stderr == ""


def test_no_process_is_started_for_plain_text(tmp_path: Path, pool: parsing._Pool) -> None:
    from qa.loaders import load

    (tmp_path / "a.txt").write_text("text")
    load(tmp_path)
    assert processes(pool) == []
