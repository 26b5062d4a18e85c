"""What the house talks about: frozen values without I/O."""
