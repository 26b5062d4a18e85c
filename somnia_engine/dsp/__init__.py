"""Arrays in, arrays out: epochs, resampling, desaturations."""
