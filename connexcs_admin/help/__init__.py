"""The manual: one Markdown page of docs/help for each screen, opened by the question mark in the top bar."""
