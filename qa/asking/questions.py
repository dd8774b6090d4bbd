"""Questions as people type them, read so that the documents can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from embeddings import Encoder
from embeddings.models import DEFAULT_MODEL
from qa.answering import Answer
from qa.asking.acronyms import Acronyms
from qa.asking.common_words import CommonWords
from qa.asking.languages import foreign_language
from qa.asking.small_talk import is_small_talk, is_typed_at_random, topics
from qa.asking.spelling import Spelling
from qa.errors import AskOtherwise, UnknownLanguage
from qa.follow_ups.rewriting import Rewriting
from qa.index.protocol import AnyIndex

_ONE_WORD = 40  # characters of a question that is a word


class QuestionReader:
    """Reads the questions that are asked of an index."""

    def __init__(self, index: AnyIndex, encoder: Encoder) -> None:
        self._index = index
        self._is_english = encoder.model == DEFAULT_MODEL
        common = CommonWords(encoder)
        self._spelling = Spelling(index, common)
        self._acronyms = Acronyms(index, common)

    def corrected(self, question: str) -> str:
        """Return a question without typing mistakes."""
        return self._spelling.corrected(question)

    def expanded(self, asked: Rewriting, documents: Sequence[str] | None = None) -> Rewriting:
        """Add the other forms of the acronyms in a query, and correct what it has from before."""
        query = asked.query
        if query != asked.question:
            query = self.corrected(query)
        return replace(asked, query=self._acronyms.expanded(query, documents))

    def check_asks(self, question: str, documents: Sequence[str] | None = None) -> None:
        """Refuse small talk and what was typed at random; `AskOtherwise` says what may be asked."""
        unknown = "" if is_small_talk(question) else self._typed_at_random(question)
        if unknown is None:
            return
        said = f'"{unknown}" is not in the documents: ' if unknown else ""
        named = [f'"{topic}"' for topic in topics(self._index, documents)]
        about = f", for example about {_listed(named)}" if named else ""
        raise AskOtherwise(f"{said}ask a question about the documents{about}")

    def _typed_at_random(self, question: str) -> str | None:
        """Return a question that is one word and was typed at random; None for any other."""
        if len(question) > _ONE_WORD or len(question.split()) != 1:
            return None
        return next(filter(is_typed_at_random, self._spelling.unknown(question)), None)

    def check_language(self, answer: Answer) -> None:
        """Refuse an abstention where the model does not know the language of the question.

        Where the documents have the same, an abstention with its nearest passages says more.
        """
        language = foreign_language(answer.question) if self._is_english else None
        if not language or not answer.abstained:
            return
        read = " ".join(hit.passage.text for hit in answer.passages)
        if language != foreign_language(read):
            raise UnknownLanguage(
                f"the question seems to be in {language}, and only English is understood here: "
                "ask it in English"
            )


def _listed(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
