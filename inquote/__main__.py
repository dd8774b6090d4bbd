"""`python -m inquote` is the command line."""

from inquote import main

main()
