"""What is replaced inside Gradio: nothing else in the program uses Gradio's inner parts.

`tests/ui/server/test_gradio_inside.py` says which module to look at when Gradio changes.
"""
