"""From pages that were read to an answer: passages, ranking, sentences, quotes. Looks things up, does not reason."""
