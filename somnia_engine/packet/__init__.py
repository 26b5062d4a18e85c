"""The feature packet: a night in a letter of at most 2,048 bytes, sealed; the format stands in `docs/packet.md`."""
