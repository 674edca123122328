"""How the program is called, from a terminal and from Python: options, and an environment to run in."""
