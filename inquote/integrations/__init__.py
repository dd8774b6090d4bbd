"""Retrievers for other frameworks; each module needs its framework, and only that one.

`inquote.integrations.langchain`, `.llama_index` and `.haystack` each have an `InquoteRetriever`.
What it finds are passages of an open `QA`, with what proves them in their metadata.
"""
