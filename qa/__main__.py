"""Starts the command line: `python -m qa`."""

from qa.cli.commands import main

if __name__ == "__main__":
    main()
