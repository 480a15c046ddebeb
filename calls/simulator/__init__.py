"""A switch made up: calls by chance, told to the web server over HTTP and in no other way.

Nothing here imports a model or another room, so that what it proves is the door that real switches use.
"""
