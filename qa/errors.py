"""What can go wrong between a document and an answer.

QAError
├── SettingsError        a setting, or an option, that cannot be used
├── QuestionError        a question that cannot be asked
│   └── AskOtherwise     small talk
│       └── UnknownLanguage  nothing answers it, in a language that the model does not know
├── LoadError            a document that cannot be read
├── QuestionSetError     a question set that cannot be used
├── AnswerFileError      a saved answer, or a file of answers, that cannot be read
├── RunError             a run that cannot be read, written or compared
├── WritingError         a language model that did not write
└── StoredIndexError     anything about a stored index
    ├── IndexMissing     there is none
    ├── IndexMismatch    it was made with another model, chunking or version
    ├── IndexDamaged     it is not whole
    ├── IndexUnreachable the engine that holds it does not answer, or refuses to
    └── IndexNotWritten  it could not be changed, and is as it was before
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_FAULTS_SHOWN = 50


class QAError(Exception):
    """Any error of this package; its message is one sentence for the person who reads it."""


class SettingsError(QAError):
    """A setting has a value that cannot be used."""


class QuestionError(QAError):
    """A question cannot be asked: it is empty, has no words, or is too long."""


class AskOtherwise(QuestionError):
    """What was said is no question, or none that the model can read; the message says what is.

    It is a hint and no failure: the page shows it as a line, and the command line as an abstention.
    """


class UnknownLanguage(AskOtherwise):
    """Nothing answers a question, and it is in a language that the model does not know."""


class LoadError(QAError):
    """A document cannot be read."""

    def __init__(self, message: str, *, source: str) -> None:
        super().__init__(message)
        self.source = source


class WritingError(QAError):
    """A language model cannot be asked, or what it sends cannot be read."""


class _FileOfLines(QAError):
    """A file of which several lines may be wrong.

    `faults` are all that is wrong with it, one by one, where it can be told so; the message
    shows the first of them.
    """

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        shown = list(faults[:_FAULTS_SHOWN])
        if len(faults) > len(shown):
            shown.append(f"and {len(faults) - len(shown):,} more")
        super().__init__("\n  ".join([f"{message}:", *shown]) if shown else message)
        self.faults = tuple(faults)


class QuestionSetError(_FileOfLines):
    """A question set cannot be used."""


class AnswerFileError(_FileOfLines):
    """A saved answer, or a file of answers, cannot be read."""


class RunError(QAError):
    """A run cannot be read, written or compared."""


class StoredIndexError(QAError):
    """Something about a stored index; `folder` is where: a folder, or an address on Milvus."""

    def __init__(self, message: str, *, folder: Path | str) -> None:
        super().__init__(message)
        self.folder = folder


class IndexMissing(StoredIndexError):
    """There is no index in the folder."""


class IndexMismatch(StoredIndexError):
    """The index was made with another model, chunking or version than asked for."""


class IndexDamaged(StoredIndexError):
    """The index is not whole."""


class IndexUnreachable(StoredIndexError):
    """The engine that holds the index does not answer, or refuses to; it may later."""


class IndexNotWritten(StoredIndexError):
    """The index could not be changed; what was there before is still there."""
