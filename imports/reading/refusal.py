"""What is said where nothing can be made of a file."""


class Unreadable(Exception):
    """A file, or a place in it, that cannot be read. str() is a whole sentence: what, where, what to do."""
