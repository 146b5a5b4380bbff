"""Certificates for the products' TLS port: one that lasts, and one that ends in two days.

Nobody outside knows the authority that signs them: a caller trusts it by `SSL_CERT_FILE`, or by its own SSL context.
"""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTING, EXPIRING = timedelta(days=80), timedelta(days=2)
AUTHORITY, CERTIFICATE = "authority.pem", "certificate.pem"


class Certificates:
    """The TLS context of the sandbox; new connections get the certificate that is in force."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key, self._authority = _authority()
        (folder / AUTHORITY).write_bytes(self._authority.public_bytes(serialization.Encoding.PEM))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.use(expiring=False)

    @property
    def authority_file(self) -> Path:
        return self._folder / AUTHORITY

    def use(self, *, expiring: bool) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(key, EXPIRING if expiring else LASTING)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        path = self._folder / CERTIFICATE
        path.touch(mode=0o600)
        path.write_bytes(_key_bytes(key) + pem)
        self.context.load_cert_chain(path)

    def _sign(self, key: ec.EllipticCurvePrivateKey, lasts: timedelta) -> x509.Certificate:
        now = datetime.now(UTC)
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")), x509.IPAddress(ip_address("::1"))]
        return (
            x509.CertificateBuilder()
            .subject_name(_name("products.acme.example"))
            .issuer_name(self._authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + lasts)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key, name, now = ec.generate_private_key(ec.SECP256R1()), _name("Make-believe authority"), datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
