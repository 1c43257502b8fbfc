"""Read contexts with a model in this process: `TransformersReader`, and what it is made of."""
