"""Keys that follow from one seed, for what is tested without a database."""

from hashlib import sha256


class Keyring:
    """A key for whoever asks: the same for the same seed and owner."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed

    def of(self, owner: str, *, make: bool) -> bytes:
        return sha256(self.seed + b"owner" + owner.encode()).digest()

    def of_house(self, purpose: str) -> bytes:
        return sha256(self.seed + b"house" + purpose.encode()).digest()
