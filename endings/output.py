"""Standard output that no reader can break."""

import errno
import io
from typing import Any

# of a pipe whose reader has gone, and of a terminal that was closed
GONE = {errno.EPIPE, errno.EIO}


class Unread(io.FileIO):
    """File that may be written to when nobody reads it any longer, as after `| head`."""

    def write(self, content: Any) -> int:
        """Write bytes; those that nobody will read are dropped."""
        try:
            return super().write(content)
        except OSError as error:
            if error.errno not in GONE:
                raise
            return len(content)


def open_ended(stream: Any) -> Any:
    """Return a stream to the same file, in which any character and a lost reader are no error.

    A character that the encoding lacks is escaped. A stream that is no file is returned as it is.
    """
    try:
        number = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(Unread(number, "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering or stream.write_through,
    )
