"""Results as a person reads them: as plain text, and as HTML in a notebook.

`answers` says what of an answer is read, and `rendering` writes it. Nothing of a document is ever
markup.
"""
