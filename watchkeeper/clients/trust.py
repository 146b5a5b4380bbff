"""Whose certificates the vendor clients believe."""

import functools
import ssl

import httpx


@functools.cache
def well_known_authorities() -> ssl.SSLContext:
    """Return the one context of all vendor clients: reading the authorities takes some 25 ms each time.

    The probes of endpoints have one of their own, because they speak HTTP/1.1 only and a context holds what it speaks.
    """
    return httpx.create_ssl_context()
