"""One function per number; each takes stages, traces or events and returns a value with its unit in the name."""
