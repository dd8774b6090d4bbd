"""How people ask: typing mistakes, acronyms, small talk and other languages."""
