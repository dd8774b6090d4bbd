"""Compare sentence segmenters for quoting: which one gives the right `text[start:end]`?

For each library it measures
  * hand-written cases whose sentences all came out exactly (surrounding white space ignored),
  * sentences of the sample essay that came out exactly, and spurious ones,
  * whether offsets are exact: in order, inside the text, no overlap, no letter left out,
    equal to the library's own copy of the sentence, also on odd Unicode,
  * speed on the essay repeated to about 0.3 MB (UTF-8), best of three.

Needs `pip install sentencex pysbd syntok`; a library that is missing is reported as such.
Run `python -m benchmarks.studies.sentences [ESSAY]`; without ESSAY it reads seeds/essay.txt.
"""

import re
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

Span = tuple[int, int]
Found = list[tuple[int, int, str | None]]  # start, end, the library's own copy if it gives one
Segmenter = Callable[[str, str], Found]  # (language, text) -> spans

# name, language, text with "|" where each further sentence starts
CASES: list[tuple[str, str, str]] = [
    ("title", "en", "Dr. Kissinger left. |He slept."),
    ("e.g.", "en", "Eat fruit, e.g. Apples, daily. |Rest."),
    ("U.S. inside", "en", "The U.S. Senate met. |It voted."),
    ("U.S. at end", "en", "She left the U.S. |He stayed."),
    ("figure", "en", "See Fig. 3 for this. |It is odd."),
    ("number", "en", "He lives at No. 5 now. |I know."),
    ("company", "en", "Acme Inc. |Was it sold? |No."),
    ("company inside", "en", "Acme Inc. makes nails. |Buy."),
    ("decimal", "en", "It rose 3.5 percent. |Then it fell."),
    ("year", "en", "It began in 2013. |It ended."),
    ("a.m.", "en", "Come at 5 p.m. on Monday. |Bye."),
    ("initials", "en", "J. R. R. Tolkien wrote. |We read."),
    ("letter ends", "en", "It is vitamin C. |Take it."),
    ("curly inside", "en", "A “Yalta Accord” failed. |So?"),
    ("stop after curly", "en", "They are “powers”. |In fact, no."),
    ("stop in curly", "en", "He said “Go now.” |She went."),
    ("stop in straight", "en", 'He said "Go now." |She went.'),
    ("question quoted", "en", '"Really?" he said. |"Yes."'),
    ("curly question", "en", "“Really?” he said. |I left."),
    ("apostrophe", "en", "It's the dogs'. |Don't go."),
    ("inch mark", "en", 'It is 5" long. |It fits.'),
    ("brackets", "en", "The plan (B & R) grew. |Fine."),
    ("bracketed", "en", "It grew. |(It was big.) |Then no."),
    ("ellipsis inside", "en", "I was... well, late. |Sorry."),
    ("ellipsis ends", "en", "I waited… |Then I left."),
    ("dots end", "en", "I waited... |Then I left."),
    ("interrobang", "en", "What?! |No way!! |Yes."),
    ("list", "en", "1. Buy milk\n|2. Buy bread\n|3. Go"),
    ("bullets", "en", "- Buy milk\n|- Buy bread\n|- Go"),
    ("no space", "en", "It ended.|Then it began."),
    ("url", "en", "See https://a.example/x.y?q=A. |Then go."),
    ("file name", "en", "Open setup.py now. |Run it."),
    ("heading", "en", "Early Results\n\n|They came. |Good."),
    ("heading crlf", "en", "Early Results\r\n\r\n|They came."),
    ("blank with space", "en", "Early Results\n \n|They came."),
    ("hard wrap", "en", "It was late\nand dark. |We\nslept."),
    ("wrap crlf", "en", "It was late\r\nand dark. |We\r\nslept."),
    ("stop at line end", "en", "It was late.\n|We slept."),
    ("emoji", "en", "Well done 👩‍👩‍👧! |Go 😀. |Now."),
    ("accents", "en", "Café noir, vis-à-vis. |Été."),
    ("chinese", "zh", "你好吗？|我很好。|谢谢！"),
    ("chinese quote", "zh", "他说：“走吧。”|她走了。"),
    ("japanese", "ja", "元気ですか？|はい。|行こう！"),
    ("arabic", "ar", "كيف حالك؟ |أنا بخير."),
    ("hindi", "hi", "यह घर है। |वह बड़ा है।"),
]
ODD = [
    "", " ", "\n\n", ".", "...", "\u0301A. \u0301B.", "One.\u2028Two.\u2029Three.\u0085Four.",
    "One.\r\n\r\nTwo.\r\n", "  Lead.  Trail.  ", "A\u00a0b. C\u3000d。e", "soft\u00adhyphen. Next.",
    "\U0010ffff. \U00020000. x", "\ufeffBom. Zero\u200bwidth.", "\u202eRTL. Mark\u202c.",
    "nul\0. x", "Same. Same. Same.", "Same.Same. (Same.) “Same.” Same", "e\u0301. \t\v\f Z.",
    "don't can't. I'll; cannot—x—y. #a @b", "a_b-c/d\u2010e. x\u2019s \u2018q\u2019. \ufb01n.",
    "∯ ȸ &ᓰ& ♬ ∮ test. Next.", "👩‍👩‍👧! 🇫🇷? Yes.", "lone \ud800 surrogate. Next.",
]  # fmt: skip


def sentencex(language: str, text: str) -> Found:
    from sentencex import get_sentence_boundaries

    found = get_sentence_boundaries(language, text)
    return [(b["start_index"], b["end_index"], b["text"]) for b in found]


def pysbd(language: str, text: str) -> Found:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its source has invalid escape sequences
        from pysbd import Segmenter as Pysbd

    spans = Pysbd(language=language, clean=False, char_span=True).segment(text)
    return [(s.start, s.end, s.sent) for s in spans]


def syntok(language: str, text: str) -> Found:
    from syntok.segmenter import analyze

    sentences = [s for paragraph in analyze(text) for s in paragraph]
    return [(s[0].offset, s[-1].offset + len(s[-1].value), None) for s in sentences]


LIBRARIES: list[tuple[str, str, str, Segmenter, str]] = [
    ("sentencex", "1.0.32", "2026-09", sentencex, "Rust, MIT, per-language rules"),
    ("pysbd", "0.3.4", "2021-02", pysbd, "pure Python, MIT, cuts at every line end"),
    ("syntok", "1.4.4", "2022-03", syntok, "Python, MIT, European languages only"),
]


def trimmed(text: str, found: Found) -> list[Span]:
    """Spans without surrounding white space, blank ones dropped."""
    spans = []
    for start, end, _ in found:
        piece = text[start:end]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, left + len(piece.strip())))
    return spans


def marked_spans(marked: str) -> tuple[str, list[Span]]:
    """A text without its "|" marks, and the sentences they divide it into."""
    cut: Found = []
    at = 0
    for piece in marked.split("|"):
        cut.append((at, at + len(piece), None))
        at += len(piece)
    text = marked.replace("|", "")
    return text, trimmed(text, cut)


def essay_spans(essay: str) -> list[Span]:
    """The essay's sentences; checked by reading: its only abbreviation is "Dr."."""
    return marked_spans(re.sub(r"(?<=[.!?])(?<!Dr\.)(?=\s)", "|", essay))[1]


def exact(segment: Segmenter, language: str, text: str) -> bool:
    at = 0
    try:
        for start, end, own in segment(language, text):
            if not at <= start <= end <= len(text) or text[at:start].strip():
                return False
            if own is not None and own != text[start:end]:
                return False
            at = end
    except Exception:  # refusing a text is a failure too
        return False
    return not text[at:].strip()


def row(name: str, tested: str, date: str, segment: Segmenter, note: str, essay: str) -> str:
    failed = []
    texts = [("en", text) for text in [*ODD, essay]]
    for case, language, marked in CASES:
        text, spans = marked_spans(marked)
        texts.append((language, text))
        if trimmed(text, segment(language, text)) != spans:
            failed.append(case)
    wanted = set(essay_spans(essay))
    got = set(trimmed(essay, segment("en", essay)))
    right = sum(exact(segment, language, text) for language, text in texts)
    big = (essay + "\n") * max(1, 300_000 // len(essay.encode()))
    times = []
    for _ in range(3):
        began = time.perf_counter()
        segment("en", big)
        times.append(time.perf_counter() - began)
    speed = len(big.encode()) / 1e6 / min(times)
    installed = version(name)
    release = f"{installed} ({date})" if installed == tested else installed
    print(f"{name} fails: {', '.join(failed) or 'none'}", file=sys.stderr)
    return (
        f"| {name} | {release} | {len(CASES) - len(failed)}/{len(CASES)} "
        f"| {len(wanted & got)}/{len(wanted)} (+{len(got - wanted)} wrong) "
        f"| {right}/{len(texts)} | {speed:.2f} | {note} |"
    )


def main() -> None:
    default = Path(__file__).parents[2] / "seeds" / "essay.txt"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    essay = path.read_text(encoding="utf-8")
    head = "Library", "Release", "Cases", "Essay sentences", "Offsets exact", "MB/s", "Notes"
    print(f"| {' | '.join(head)} |\n{'| --- ' * len(head)}|")
    for name, tested, date, segment, note in LIBRARIES:
        try:
            print(row(name, tested, date, segment, note, essay), flush=True)
        except (ImportError, PackageNotFoundError):
            print(f"| {name} | not installed | - | - | - | - | {note} |")


if __name__ == "__main__":
    main()
