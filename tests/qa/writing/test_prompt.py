from __future__ import annotations

from qa.answering.statements import Statement
from qa.writing import Writer, prompt
from qa.writing.sentences import numbered
from tests.qa.writing.endpoints import replies, says, serving
from tests.qa.writing.hostile import DOCUMENTS, Credulous, answer_of

DOCUMENT = DOCUMENTS[0]
SENTENCES = numbered(answer_of(DOCUMENT), lambda _: DOCUMENT, 3_000)


def asked(question: str = "Who pays?", history: tuple[str, ...] = ()) -> str:
    return prompt.messages(question, history, SENTENCES)[-1]["content"]


def test_every_sentence_has_its_number_under_what_it_stands_under() -> None:
    lines = [f"{number}. {line}" for number, line in enumerate(DOCUMENT.text.splitlines(), 1)]
    assert asked() == "\n".join(["## rules", *lines, "", "Question: Who pays?"])


def test_a_follow_up_is_sent_with_the_last_three_questions() -> None:
    text = asked("And when?", ("a?", "b?", "c?", "d?"))
    end = "\n\nAsked before: b?\nAsked before: c?\nAsked before: d?\nQuestion: And when?"
    assert text.endswith(end)
    assert "Asked before: a?" not in text


def test_the_schema_allows_the_numbers_that_exist() -> None:
    statement = prompt.schema(3)["properties"]["statements"]["items"]
    assert statement["properties"]["cites"]["items"]["enum"] == [1, 2, 3]


def test_what_failed_is_asked_for_again_with_the_reason() -> None:
    before = prompt.messages("Who pays?", (), SENTENCES)
    failed = [Statement("It costs €86.", (), 0.9, "number", "€86")]
    again = prompt.again(before, "{}", failed)
    assert again[:2] == before
    assert again[2] == {"role": "assistant", "content": "{}"}
    assert '- "It costs €86.": its quotes do not have “€86”' in again[3]["content"]


def test_the_same_input_is_the_same_request_byte_for_byte() -> None:
    with serving(says(replies(("A lost key costs €85.", [4]), ("It costs €86.", [4])))) as server:
        for _ in range(2):
            writer = Writer(server.llm(), Credulous())
            writer.write(answer_of(DOCUMENT), ["Who?"], lambda _: DOCUMENT)
    first, again, third, fourth = server.bodies
    assert (first, again) == (third, fourth)
    assert server.sent[0]["temperature"] == 0
    assert server.sent[0]["stream"] is True
