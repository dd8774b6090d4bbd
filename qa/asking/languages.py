"""Which language a question is in, as far as a model for English needs to know."""

from __future__ import annotations

import re

_FUNCTION_WORDS = {
    "German": "der die das den dem des ein eine einen ist sind wird war und oder nicht wie was "
    "wer wo wann warum welche welcher welches für von zu auf mit im ich wir es gibt kann muss",
    "French": "le la les un une des du est sont était et ou pas que qui quoi quel quelle quels "
    "où quand comment pourquoi combien dans pour avec sur je nous il elle ce cette au aux peut",
    "Spanish": "el la los las un una de del es son está y o no que qué quién cuál cuándo cómo "
    "dónde cuánto cuánta cuántos por para con en se lo hay puede su al",
    "Italian": "il lo la gli le un una di del della è sono e o non che chi cosa quale quando come "
    "dove perché quanto quanti per con in su si nel nella al può",
    "Portuguese": "o os as um uma de do da dos das é são e ou não que quem qual quando como onde "
    "quanto quantos por para com em no na se ao pode",
    "Dutch": "de het een is zijn was en of niet wat wie waar wanneer waarom hoe welke van voor "
    "met op in aan er ik wij kan moet",
}
_ENGLISH = frozenset(
    "the a an of to in is are was were and or not what who which when where why how for with on at "
    "by from do does did can could will would should i you we they it he she that this there have "
    "has had be as about my your their his her me if no so but".split()
)
_WORD_LISTS = {name: frozenset(words.split()) for name, words in _FUNCTION_WORDS.items()}
_LETTERS = re.compile(r"[^\W\d_]+")
_READ = 2_000  # characters
_SURE = 2  # function words


def foreign_language(text: str) -> str | None:
    """Name the language of a text; None where it is English, or not sure.

    Scripts other than Latin are told by their letters, and are not named one by one.
    """
    words = _LETTERS.findall(text[:_READ].lower())
    letters = "".join(words)
    if sum(letter > "\u024f" for letter in letters) * 2 > len(letters):
        return "another language"
    counts = {name: sum(word in known for word in words) for name, known in _WORD_LISTS.items()}
    likeliest = max(counts, key=lambda name: counts[name])
    english = sum(word in _ENGLISH for word in words)
    is_sure = counts[likeliest] >= _SURE and counts[likeliest] > 2 * english
    return likeliest if is_sure else None
