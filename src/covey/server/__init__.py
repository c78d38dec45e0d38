"""The server that one project is reviewed through, in a browser or by a program."""
