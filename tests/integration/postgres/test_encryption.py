from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_adapters.encryption import AesGcmCipher, DecryptionFailed
from notify_core.errors import ConfigurationError

OLD, NEW = b"o" * 32, b"n" * 32
ROW = b"notification:1"


@given(st.binary(), st.binary(), st.text(min_size=1, max_size=40))
def test_what_was_encrypted_is_decrypted(plaintext: bytes, row: bytes, key_id: str) -> None:
    cipher = AesGcmCipher({key_id: NEW})
    sealed = cipher.encrypt(plaintext, row)
    assert cipher.decrypt(sealed, row) == plaintext
    assert len(sealed) == 1 + len(key_id.encode()) + 12 + len(plaintext) + 16


def test_the_same_text_is_never_encrypted_the_same_way() -> None:
    cipher = AesGcmCipher({"a": NEW})
    assert len({cipher.encrypt(b"text", ROW) for _ in range(100)}) == 100


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_any_change_is_noticed(position: int, change: int) -> None:
    cipher = AesGcmCipher({"2026-11": NEW})
    sealed = bytearray(cipher.encrypt(b"Rumpelstiltskin", ROW))
    sealed[position % len(sealed)] ^= change
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(bytes(sealed), ROW)


@given(st.integers(0, 50))
def test_what_is_cut_short_is_noticed(length: int) -> None:
    cipher = AesGcmCipher({"2026-11": NEW})
    sealed = cipher.encrypt(b"Rumpelstiltskin", ROW)
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(sealed[:length], ROW)


def test_what_was_moved_to_another_row_is_noticed() -> None:
    cipher = AesGcmCipher({"2026-11": NEW})
    with pytest.raises(DecryptionFailed) as refusal:
        cipher.decrypt(cipher.encrypt(b"Rumpelstiltskin", ROW), b"notification:2")
    assert "'2026-11'" in str(refusal.value)
    assert "Rumpel" not in str(refusal.value)


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    before = AesGcmCipher({"old": OLD})
    after = AesGcmCipher({"new": NEW, "old": OLD})
    assert after.decrypt(before.encrypt(b"text", ROW), ROW) == b"text"
    with pytest.raises(DecryptionFailed, match="'new', which is not among our keys"):
        before.decrypt(after.encrypt(b"text", ROW), ROW)


@pytest.mark.parametrize("keys", [{}, {"a": b"short"}, {"": NEW}, {"k" * 256: NEW}])
def test_keys_that_will_not_do_are_refused(keys: dict[str, bytes]) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        AesGcmCipher(keys)
    assert "short" not in str(refusal.value)
