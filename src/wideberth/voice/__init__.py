"""What the watches say to one another in words: phrases by code in eight languages, spoken text, printable forms.

In:  the code of a phrase and its values.
Out: text that can be read back into code and values without loss, the same for reading aloud, and paper.
Refuses what is no phrase of the closed set, and values that are not of their kind.

`phrases` renders and parses, `sentences` holds the closed set, `values` how each kind of value is written, read and
said, `catalogues` the languages, `form` the printable forms. No phrase, in any language, says that a place may be
entered or that somebody agrees: the words are "no known conflict", "received", "effective".
"""
