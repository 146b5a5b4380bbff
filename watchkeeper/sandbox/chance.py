"""Make-believe randomness: the same keys always give the same value, in every process and on every machine."""

from hashlib import blake2b

_MASK = (1 << 64) - 1
_FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F  # odd, so that multiplying modulo 2**64 can be undone
_FIRST_INVERSE, _SECOND_INVERSE = pow(_FIRST, -1, 1 << 64), pow(_SECOND, -1, 1 << 64)
_CHECK = 0xA5


def noise(*keys: object) -> float:
    """Return a number 0 <= x < 1 that looks random and depends on `keys` alone."""
    return int.from_bytes(blake2b(repr(keys).encode(), digest_size=8).digest(), "big") / 2**64


def between(low: float, high: float, *keys: object) -> float:
    return low + (high - low) * noise(*keys)


def digits(length: int, *keys: object) -> str:
    """Return `length` hexadecimal digits (at most 64) that depend on `keys` alone."""
    return blake2b(repr(keys).encode(), digest_size=32).hexdigest()[:length]


def seal(kind: int, project: int, day: int, number: int, part: int = 0) -> str:
    """Return 16 hexadecimal digits that look random and can be opened again.

    So an id leads back to the thing it names, and nothing has to be remembered.
    """
    plain = kind << 56 | project << 40 | day << 24 | number << 16 | part << 8 | _CHECK
    mixed = plain * _FIRST & _MASK
    mixed ^= mixed >> 32
    mixed = mixed * _SECOND & _MASK
    return f"{mixed ^ mixed >> 32:016x}"


def unseal(sealed: str) -> tuple[int, int, int, int, int] | None:
    """Return kind, project, day, number and part of a sealed id; None when it is not one of ours."""
    try:
        mixed = int(sealed[:16], 16)
    except ValueError:
        return None
    mixed = (mixed ^ mixed >> 32) * _SECOND_INVERSE & _MASK
    mixed ^= mixed >> 32
    plain = mixed * _FIRST_INVERSE & _MASK
    if plain & 0xFF != _CHECK:
        return None
    return plain >> 56, plain >> 40 & 0xFFFF, plain >> 24 & 0xFFFF, plain >> 16 & 0xFF, plain >> 8 & 0xFF


def as_uuid(sealed: str, *keys: object) -> str:
    """Return the 16 sealed digits within a UUID of version 4."""
    rest = digits(14, sealed, *keys)
    return f"{sealed[:8]}-{sealed[8:12]}-4{rest[:3]}-8{rest[3:6]}-{sealed[12:]}{rest[6:14]}"


def from_uuid(uuid: str) -> str:
    """Return the sealed digits within a UUID that `as_uuid` made; "" for any other text."""
    parts = uuid.split("-")
    return parts[0] + parts[1] + parts[4][:4] if [len(part) for part in parts] == [8, 4, 4, 4, 12] else ""
