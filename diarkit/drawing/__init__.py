"""Who spoke when, drawn: in characters, as pictures, as a page."""
