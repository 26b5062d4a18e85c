"""Reports on paper: the same sentences and tables as on the page, with the night as vectors."""
