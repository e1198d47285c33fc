"""Text as it may be shown. In a piece of evidence the file `words/show.py` stands in this one's place."""

from wideberth.words.show import shown

__all__ = ["shown"]
