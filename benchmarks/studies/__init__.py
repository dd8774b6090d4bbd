"""Studies that settled a question; README.md lists them."""
