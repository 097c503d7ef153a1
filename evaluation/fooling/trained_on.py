"""The interpreters that each manipulated network was trained on, as a study is told."""

from collections.abc import Mapping, Sequence

from files import shown


def checked(
    trained_on: Sequence[str] | Mapping[str, Sequence[str]],
    manipulated: Sequence[str],
    interpreters: Sequence[str],
) -> Mapping[str, Sequence[str]]:
    """Return the interpreters that each network was trained on.

    Raises: ValueError: a network or an interpreter is unknown.
    """
    if not isinstance(trained_on, Mapping):
        trained_on = dict.fromkeys(manipulated, trained_on)
    named = {name for names in trained_on.values() for name in names}
    for title, unknown, known in (
        ("manipulated", trained_on.keys() - {*manipulated}, manipulated),
        ("interpreters", named - {*interpreters}, interpreters),
    ):
        if unknown:
            names = ", ".join(map(shown, sorted(unknown)))
            raise ValueError(
                f"`trained_on` names {names}, which `{title}` does not have; it has "
                f"{', '.join(known)}"
            )
    return trained_on
