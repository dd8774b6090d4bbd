"""Written answers: a language model's sentences, each resting on quotes and checked.

`sentences` numbers what the model may point at, `prompt` asks it, `endpoint` and `replies` read
what it says, `literal` and `support` check each statement, and `writer` does all of this in order.
"""

from qa.writing.llm import LLM
from qa.writing.writer import Writer

__all__ = ["LLM", "Writer"]
