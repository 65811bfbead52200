"""The answer to VNC's challenge (RFC 6143, section 7.2.2): DES, by the libcrypto that Python's ssl needs, too."""

from __future__ import annotations

import ctypes
from functools import cache

from xenia.model.display import PASSWORD_LENGTH

CHALLENGE_LENGTH = 16


def answer_to(challenge: bytes, password: str) -> bytes:
    """What a client that knows `password` answers. Raises OSError where there is no libcrypto, or it refuses."""
    key = password.encode()[:PASSWORD_LENGTH].ljust(PASSWORD_LENGTH, b"\0")
    return _encrypt(bytes(int(f"{byte:08b}"[::-1], 2) for byte in key), challenge)


def _encrypt(key: bytes, data: bytes) -> bytes:
    """By triple DES with three times the same key, which is DES: OpenSSL 3 keeps plain DES in a file of its own."""
    crypto = _crypto()
    context = crypto.EVP_CIPHER_CTX_new()
    out, length = ctypes.create_string_buffer(len(data) + PASSWORD_LENGTH), ctypes.c_int()
    try:
        done = (
            crypto.EVP_EncryptInit_ex(context, crypto.EVP_des_ede3_ecb(), None, 3 * key, None)
            and crypto.EVP_CIPHER_CTX_set_padding(context, 0)
            and crypto.EVP_EncryptUpdate(context, out, ctypes.byref(length), data, len(data))
        )
    finally:
        crypto.EVP_CIPHER_CTX_free(context)
    if not done or length.value != len(data):
        raise OSError("libcrypto refuses DES")
    return out.raw[: len(data)]


@cache
def _crypto() -> ctypes.CDLL:
    crypto = ctypes.CDLL("libcrypto.so.3")
    pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    crypto.EVP_CIPHER_CTX_new.restype = pointer
    crypto.EVP_des_ede3_ecb.restype = pointer
    crypto.EVP_CIPHER_CTX_free.argtypes = [pointer]
    crypto.EVP_EncryptInit_ex.argtypes = [pointer, pointer, pointer, text, text]
    crypto.EVP_CIPHER_CTX_set_padding.argtypes = [pointer, number]
    crypto.EVP_EncryptUpdate.argtypes = [pointer, text, pointer, text, number]
    return crypto
