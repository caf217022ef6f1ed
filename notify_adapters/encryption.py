"""Encryption of what is stored: AES-256-GCM, bound to the row it stands in, with keys that rotate.

    1 byte   length of the key's id
    n bytes  the key's id, UTF-8
    12 bytes nonce, random
    rest     ciphertext, then the tag of 16 bytes

A ciphertext copied to another row, or changed in any bit, does not decrypt. With random nonces one key is good
for 2^32 messages (NIST SP 800-38D, section 8.3); rotate long before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notify_core.errors import ConfigurationError, NotifyError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_LONGEST_ID = 255


class DecryptionFailed(NotifyError):
    """What is stored cannot be read: changed, moved, or encrypted with a key that we do not have."""

    code = "decryption-failed"


class AesGcmCipher:
    """Implements the `Cipher` that stores ask for. `keys` are 32 bytes each, by id: the first encrypts, all decrypt.

    Raises ConfigurationError when there is no key, or one that will not do.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ConfigurationError("There is no encryption key: give at least one")
        self._ciphers = {_encoded(name): _cipher(name, key) for name, key in keys.items()}
        current, self._current = next(iter(self._ciphers.items()))
        self._head = bytes([len(current)]) + current

    def encrypt(self, plaintext: bytes, bound_to: bytes) -> bytes:
        """Encrypt with the first key."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._head + nonce + self._current.encrypt(nonce, plaintext, bound_to)

    def decrypt(self, ciphertext: bytes, bound_to: bytes) -> bytes:
        """Decrypt with the key that is named in front. Raises DecryptionFailed, which names the key only."""
        start = 1 + (ciphertext[0] if ciphertext else 0)
        if len(ciphertext) < start + _NONCE_BYTES + _TAG_BYTES:
            raise DecryptionFailed("What is stored is too short to be something encrypted")
        key_id = bytes(ciphertext[1:start])
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DecryptionFailed(f"Encrypted with key {_readable(key_id)}, which is not among our keys")
        nonce, sealed = ciphertext[start : start + _NONCE_BYTES], ciphertext[start + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, sealed, bound_to)
        except InvalidTag:
            raise DecryptionFailed(
                f"Encrypted with key {_readable(key_id)}, but it was changed, or belongs to another row"
            ) from None


def _encoded(name: str) -> bytes:
    encoded = name.encode()
    if not 0 < len(encoded) <= _LONGEST_ID:
        raise ConfigurationError(f"An encryption key's id has {len(encoded)} bytes; use 1 to {_LONGEST_ID}")
    return encoded


def _cipher(name: str, key: bytes) -> AESGCM:
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(f"Encryption key {name!r} has {len(key)} bytes; use {_KEY_BYTES}")
    return AESGCM(key)


def _readable(key_id: bytes) -> str:
    return repr(key_id.decode(errors="backslashreplace"))
