"""From a picture to lines of text that nobody has read yet: pixels, ink, columns, baselines, the size of letters."""
