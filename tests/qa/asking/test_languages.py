from __future__ import annotations

import pytest

from qa.asking.languages import foreign_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie hoch ist die Miete?", "German"),
        ("Quel est le prix de la location ?", "French"),
        ("¿Quién es el autor de la carta?", "Spanish"),
        ("Quando scade il contratto e che cosa succede?", "Italian"),
        ("Qual é o preço do bilhete e onde se compra?", "Portuguese"),
        ("Wat is de prijs van het kaartje?", "Dutch"),
        ("谁反对萨德？", "another language"),
        ("Кто против?", "another language"),
    ],
)
def test_a_foreign_question_is_told(text: str, language: str) -> None:
    assert foreign_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "Who opposes THAAD?",
        "rent",
        "What does Die Zeit say?",
        "is it in La Paz or in Los Angeles",
        "",
    ],
)
def test_an_english_or_short_question_is_not(text: str) -> None:
    assert foreign_language(text) is None
