"""The commands, a module each. Each registers itself with the program when it is imported."""
