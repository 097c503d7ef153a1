"""Images by hand, as Pillow writes none: grey of other depths, and headers that claim too much."""

import io
import zlib
from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image


def text_pgm(random: Random) -> bytes:
    """Return a PGM of text or bytes, whose largest value is not a power of two."""
    most, width, height = random.choice((1, 100, 255, 1000, 4095, 65535)), 5, 4
    values = [random.randint(0, most) for _ in range(width * height)]
    if random.random() < 0.5:
        return f"P2 # by hand\n{width} {height} {most}\n{' '.join(map(str, values))}\n".encode()
    kind = ">u2" if most > 255 else "u1"
    return f"P5 {width} {height} {most}\n".encode() + np.array(values).astype(kind).tobytes()


def narrow_tiff(random: Random) -> bytes:
    """Return a grey TIFF of 2, 4, 12 or 16 bits, as microscopes write it, which Pillow reads."""
    bits, size = random.choice((2, 4, 12, 16)), 8
    white = random.choice((0, 1))
    data = random.randbytes(size * size * bits // 8)
    tags = {256: size, 257: size, 258: bits, 259: 1, 262: white, 273: 8, 278: size, 279: len(data)}
    if bits == 16 and random.random() < 0.3:
        tags[339] = 2  # signed
    entries = b"".join(
        tag.to_bytes(2, "little")
        + b"\4\0"
        + (1).to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, value in sorted(tags.items())
    )
    begin = b"II*\0" + (8 + len(data)).to_bytes(4, "little")
    return begin + data + len(tags).to_bytes(2, "little") + entries + bytes(4)


def claimed(random: Random) -> bytes:
    """Return a PNG whose header says that it is larger than it is, by a little or by far."""
    file = io.BytesIO()
    Image.new(random.choice(("1", "RGB")), (40, 40)).save(file, "PNG")
    content = file.getvalue()
    sizes = (random.choice((41, 20_000, 2**31 - 1)).to_bytes(4, "big") for _ in range(2))
    header = content[12:16] + b"".join(sizes) + content[24:29]
    return content[:12] + header + zlib.crc32(header).to_bytes(4, "big") + content[33:]


ODD: tuple[Callable[[Random], bytes], ...] = (text_pgm, narrow_tiff, claimed)
