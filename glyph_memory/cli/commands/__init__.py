"""What the commands do, a module each; `program` registers them."""
