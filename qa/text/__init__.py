"""Text: its words, its sentences, where quotes may begin and end, and how it is printed."""
