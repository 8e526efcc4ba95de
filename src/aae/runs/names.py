"""Names of results: hashes of what decides them."""

import hashlib

LENGTH = 32  # Hexadecimal digits of a key.


def short_hash(*parts: str) -> str:
    """A name for several texts together."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()[:LENGTH]
