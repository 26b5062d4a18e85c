"""What runs: uploads that arrive, the queue, the worker and the locked room where files are opened."""
