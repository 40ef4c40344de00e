"""Key agreement, the stream that masks are made of, and sealed boxes: X25519, HKDF, ChaCha20 and ChaCha20-Poly1305."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import WireError
from jupyter_wayang.federation.privacy.fixed_point import BYTES, from_bytes
from jupyter_wayang.federation.privacy.needed import needed
from jupyter_wayang.platforms.randomness import Entropy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["KEY_BYTES", "agreed", "derived", "mask", "opened", "public", "sealed"]

KEY_BYTES = 32
_NONCE_BYTES = 12
_PURPOSE = "secure_aggregation()"


def public(secret: bytes) -> bytes:
    """Return the public key of 32 secret bytes.

    Examples
    --------
    >>> one, other = b"1" * 32, b"2" * 32
    >>> agreed(one, public(other), b"masks") == agreed(other, public(one), b"masks")
    True
    """
    x25519 = needed("cryptography.hazmat.primitives.asymmetric.x25519", _PURPOSE)
    key: bytes = x25519.X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    return key


def agreed(secret: bytes, other: bytes, about: bytes) -> bytes:
    """Return the key that two share, for one purpose.

    Raises
    ------
    WireError
        If the other's public key is none.
    """
    x25519 = needed("cryptography.hazmat.primitives.asymmetric.x25519", _PURPOSE)
    try:
        shared = x25519.X25519PrivateKey.from_private_bytes(secret).exchange(
            x25519.X25519PublicKey.from_public_bytes(other)
        )
    except ValueError as error:
        raise WireError("a public key is not one of X25519") from error
    return derived(shared, about)


def derived(secret: bytes, about: bytes) -> bytes:
    """Return a key for one purpose, made of a secret (HKDF with SHA-256)."""
    hkdf = needed("cryptography.hazmat.primitives.kdf.hkdf", _PURPOSE)
    hashes = needed("cryptography.hazmat.primitives.hashes", _PURPOSE)
    key: bytes = hkdf.HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=about).derive(secret)
    return key


def mask(key: bytes, length: int) -> np.ndarray:
    """Return ``length`` words, uniform to whoever has not the key: ChaCha20's stream. A key makes one mask only."""
    ciphers = needed("cryptography.hazmat.primitives.ciphers", _PURPOSE)
    stream = ciphers.Cipher(ciphers.algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()
    return from_bytes(stream.update(bytes(BYTES * length)))


def sealed(key: bytes, text: bytes, about: bytes, entropy: Entropy) -> bytes:
    """Return a text that only holders of the key can read, and nobody can change: nonce and ciphertext.

    Examples
    --------
    >>> from jupyter_wayang.platforms.randomness import SECURE
    >>> opened(b"k" * 32, sealed(b"k" * 32, b"share", b"a to b", SECURE), b"a to b")
    b'share'
    """
    aead = needed("cryptography.hazmat.primitives.ciphers.aead", _PURPOSE)
    nonce = entropy(_NONCE_BYTES)
    box: bytes = aead.ChaCha20Poly1305(key).encrypt(nonce, text, about)
    return nonce + box


def opened(key: bytes, box: bytes, about: bytes) -> bytes:
    """Return the text of a box.

    Raises
    ------
    WireError
        If the key is another one, or box or context were changed.
    """
    aead = needed("cryptography.hazmat.primitives.ciphers.aead", _PURPOSE)
    exceptions = needed("cryptography.exceptions", _PURPOSE)
    try:
        text: bytes = aead.ChaCha20Poly1305(key).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], about)
    except (exceptions.InvalidTag, ValueError) as error:
        raise WireError("a sealed message cannot be opened: its key or its context is another one") from error
    return text
