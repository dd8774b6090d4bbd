"""The command line. It is thin: it reads options, calls the public API, prints."""
