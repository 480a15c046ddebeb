"""Demo data: an installation that looks alive, made anew from the same arguments, marked and removable."""
