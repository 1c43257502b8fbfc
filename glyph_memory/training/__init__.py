"""Training of the small models that come with the package; needs torch, which nothing else here does."""
