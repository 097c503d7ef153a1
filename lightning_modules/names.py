"""Free text, as names of networks, interpreters, attacks and classes are, made fit for labels."""

from textwrap import shorten

LONGEST = 60


def humanize(name: str) -> str:
    r"""Return a name as a reader sees it: on one line, spaces for underscores, at most 60 letters.

    Example:
        >>> humanize("grad_cam"), humanize("a\nb")
        ('grad cam', 'a b')
    """
    text = utf8(name).replace("_", " ")
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    whole = " ".join(text.split())
    if len(whole) <= LONGEST:
        return whole
    cut = shorten(whole, LONGEST, placeholder=" …")
    return cut if len(cut) > LONGEST // 2 else f"{whole[: LONGEST - 2]} …"


def utf8(name: str) -> str:
    r"""Return a name with the signs escaped that UTF-8 lacks, as some names of files have.

    Example:
        >>> utf8("caf\udce9")
        'caf\\udce9'
    """
    return name.encode("utf-8", "backslashreplace").decode()
