"""From pages that were read to an answer: groups of sentences, ranking, quotes. Looks things up, does not reason."""
