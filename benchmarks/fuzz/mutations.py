"""Files broken in the ways that files break."""

from collections.abc import Callable
from random import Random

MOST = 40


def truncated(content: bytes, random: Random) -> bytes:
    """Return the beginning alone, as a download that stopped."""
    return content[: random.randrange(len(content))]


def flipped(content: bytes, random: Random) -> bytes:
    """Return the content with a few bits flipped."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def header_flipped(content: bytes, random: Random) -> bytes:
    """Return the content with a byte of its beginning changed, where sizes and kinds stand."""
    changed = bytearray(content)
    changed[random.randrange(min(len(changed), 128))] = random.choice((0, 1, 127, 128, 254, 255))
    return bytes(changed)


def overwritten(content: bytes, random: Random) -> bytes:
    """Return the content with a stretch of zeros, ones or noise, as a damaged disk leaves."""
    start, length = random.randrange(len(content)), random.randint(1, MOST)
    fill = random.choice((b"\0" * length, b"\xff" * length, random.randbytes(length)))
    return content[:start] + fill + content[start + length :]


def deleted(content: bytes, random: Random) -> bytes:
    """Return the content without a stretch."""
    start = random.randrange(len(content))
    return content[:start] + content[start + random.randint(1, MOST) :]


def inserted(content: bytes, random: Random) -> bytes:
    """Return the content with a few bytes more."""
    start = random.randrange(len(content) + 1)
    return content[:start] + random.randbytes(random.randint(1, MOST)) + content[start:]


def repeated(content: bytes, random: Random) -> bytes:
    """Return the content with a stretch of it twice."""
    start = random.randrange(len(content))
    end = start + random.randint(1, len(content))
    return content[:end] + content[start:]


def extended(content: bytes, random: Random) -> bytes:
    """Return the content with noise behind it."""
    return content + random.randbytes(random.randint(1, MOST))


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    truncated,
    flipped,
    header_flipped,
    overwritten,
    deleted,
    inserted,
    repeated,
    extended,
)

# what is found under the name of another file
OTHERS: dict[str, bytes] = {
    "empty": b"",
    "one byte": b"\0",
    "zeros": bytes(1000),
    "text": b"hello\n",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "a web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "gzip": b"\x1f\x8b\x08\x00" + bytes(40),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    "PDF": b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(40),
    "an empty archive": b"PK\x05\x06" + bytes(18),
    "JSON": b"{}",
    "lists in lists": b"[" * 100_000,
}
