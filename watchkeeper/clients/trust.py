"""Whose certificates the clients believe: one answer for every library, whatever it would read by itself."""

import functools
import os
import ssl
from pathlib import Path
from typing import Final

import certifi

from watchkeeper.clients.vendor_errors import VendorRefused

FILE: Final = "SSL_CERT_FILE"
FOLDER: Final = "SSL_CERT_DIR"


def authorities(vendor: str) -> Path:
    """Return the file or folder of authorities: `SSL_CERT_FILE`, else `SSL_CERT_DIR`, else the well-known ones.

    Raises:
        VendorRefused: the variable names nothing that can be read.
    """
    file, folder = os.environ.get(FILE, ""), os.environ.get(FOLDER, "")
    if file:
        _context(vendor, Path(file), http2=False)
        return Path(file)
    if not folder:
        return Path(certifi.where())
    if not Path(folder).is_dir():
        raise VendorRefused(vendor, f"{FOLDER} names no folder of certificates: correct it, or leave it out")
    return Path(folder)


def tls(vendor: str, *, http2: bool) -> ssl.SSLContext:
    """Return the context that all clients of this process share: reading the authorities takes some 25 ms each time.

    Args:
        http2: a context holds what it speaks, so that those who speak HTTP/1.1 only need another one.

    Raises:
        VendorRefused: as `authorities`.
    """
    return _context(vendor, authorities(vendor), http2=http2)


def _context(vendor: str, place: Path, *, http2: bool) -> ssl.SSLContext:
    try:
        return _read(place, http2=http2)
    except OSError:
        raise VendorRefused(
            vendor, f"{FILE} names no file of certificates that can be read: correct it, or leave it out"
        ) from None


@functools.cache
def _read(place: Path, *, http2: bool) -> ssl.SSLContext:
    del http2  # only keeps the contexts apart
    if place.is_dir():
        return ssl.create_default_context(capath=str(place))
    return ssl.create_default_context(cafile=str(place))
