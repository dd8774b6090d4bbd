"""The web chat: a Gradio page over the public face of `qa`."""
