"""Studies that settled a question once; README.md says which, and how."""
