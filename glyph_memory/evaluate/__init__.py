"""What readers make of pages: measured, and nothing else depends on it."""
