"""Judge a LangChain retriever by the same yardstick as inquote's own, and compare the two.

    pip install langchain-core langchain-text-splitters
    python docs/examples/langchain_retriever.py

Any function that takes a question and gives an `Answer` can be evaluated. Here it takes what
LangChain retrieves, and has inquote choose the quotes from it, so that only retrieval differs.
"""

from langchain_core.documents import Document as Chunk
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

from embeddings import Encoder
from qa import QA, Answer, Passage, RetrievedPassage
from qa.answering import ExtractiveAnswerer
from qa.documents import Span
from qa.evaluation import compare, evaluate, load_questions
from qa.loaders import load
from qa.text.sentences import split_sentences

essay = load("seeds/essay.txt")[0]
questions = load_questions("seeds/questions.jsonl")


class SameModel(Embeddings):
    """The encoder that inquote uses, as LangChain wants it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._encoder.encode_passages(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self._encoder.encode_queries([text])[0].tolist()


def passage(chunk: Chunk) -> Passage:
    """Return a chunk with its place in the essay, which is what makes its sentences quotable."""
    start = chunk.metadata["start_index"]
    sentences = split_sentences(chunk.page_content)
    return Passage.of(essay, tuple(Span(start + s.start, start + s.end) for s in sentences))


with QA.open("seeds/essay.txt") as qa:
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=1000, chunk_overlap=100, add_start_index=True
    )
    store = InMemoryVectorStore(SameModel(qa.encoder))
    store.add_documents(splitter.create_documents([essay.text]))
    answerer = ExtractiveAnswerer(qa.encoder)

    def langchain(question: str) -> Answer:
        """Retrieve with LangChain, quote with inquote."""
        found = store.similarity_search_with_score(question, k=8)
        hits = [
            RetrievedPassage(rank, score, passage(chunk))
            for rank, (chunk, score) in enumerate(found, 1)
        ]
        return answerer.answer(question, question, hits, lambda _: essay)

    ours = evaluate(qa, questions, name="inquote")
    theirs = evaluate(langchain, questions, documents=[essay], name="LangChain")

for run in (ours, theirs):
    for measure in ("quote-hit@1", "span recall@5", "balanced score", "quotes verified"):
        figure = run.figures[measure]
        interval = f"{figure.low:.3f} to {figure.high:.3f}"
        print(f"{run.name:<10} {measure:<16} {figure.value:.3f}  ({interval})")
print(compare(ours, theirs).summary())
