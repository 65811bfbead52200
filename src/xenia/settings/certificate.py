"""The certificate of xenia-web: one that an administrator gives, or one that it makes itself, once."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from xenia.lib.program import ENVIRONMENT
from xenia.model.errors import invalid, unavailable

_DAYS = 3650
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM, of which the first begins with the certificate itself."""

    chain: Path
    key: Path
    self_made: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as browsers and openssl-x509(1) show it. Raises OSError, ValueError."""
        text = self.chain.read_text()
        first = text[: text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first[first.index(ssl.PEM_HEADER) :])).hexdigest().upper()
        return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def certificate_of(chain: str, key: str, folder: Path) -> Certificate:
    """The one that the settings name; where they name none, that in `folder`, made if it is not there.

    Raises invalid where only one of the two is named, unavailable where none can be made, OSError.
    """
    if bool(chain) != bool(key):
        raise invalid("web.certificate and web.key go together", "xm config settings shows both")
    if chain:
        return Certificate(Path(chain), Path(key), self_made=False)
    own = Certificate(folder / "certificate.pem", folder / "key.pem", self_made=True)
    if not own.chain.exists():
        _make(own, folder)
    return own


def _make(own: Certificate, folder: Path) -> None:
    """Whole or not at all: the certificate gets its name last."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = socket.gethostname()
    names = f"DNS:{name},DNS:localhost,IP:127.0.0.1,IP:::1"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
        key, chain = Path(new, "key.pem"), Path(new, "certificate.pem")
        command = (
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"),
            *("-days", str(_DAYS), "-subj", f"/CN={name[:64]}", "-addext", f"subjectAltName={names}"),
            *("-addext", "extendedKeyUsage=serverAuth", "-keyout", str(key), "-out", str(chain)),
        )
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, env=ENVIRONMENT)
        except FileNotFoundError:
            raise unavailable("a certificate cannot be made: there is no openssl", "apt-get install openssl") from None
        except subprocess.SubprocessError as error:
            raise unavailable(f"a certificate cannot be made: {error}") from error
        key.chmod(0o600)
        for file in (key, chain):
            with file.open("rb") as content:
                os.fsync(content.fileno())
        key.replace(own.key)
        chain.replace(own.chain)


def tls_of(certificate: Certificate) -> ssl.SSLContext:
    """TLS 1.2 and 1.3. Raises invalid for files that are no certificate and its key, OSError for a missing one."""
    for file in (certificate.chain, certificate.key):
        file.open("rb").close()  # the ssl library does not say which of them it cannot read
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate.chain, certificate.key)
    except ssl.SSLError as error:
        raise invalid(
            f"{certificate.chain} and {certificate.key} are no certificate and its key: {error.reason or error}",
            "both are PEM; web.certificate and web.key in xend.toml name them",
        ) from error
    return context
