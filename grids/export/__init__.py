"""Files of what a grid shows: the same rows, columns and order, made for other programs to read."""
