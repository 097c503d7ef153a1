"""The networks of a study by name: each role is given as a network, or names one of `networks`."""

from collections.abc import Mapping, Sequence

from torch import nn

from files import shown
from suggestions import did_you_mean

Given = nn.Module | Mapping[str, nn.Module] | str | Sequence[str]


def by_name(
    role: str, given: Given, networks: Mapping[str, nn.Module] | None
) -> dict[str, nn.Module]:
    """Return the networks of a role by name.

    Args:
        role: what a network that is given itself is called.
        given: a network, several by name, or one or several names of `networks`.
        networks: the networks that names refer to.

    Raises: ValueError: a name is not in `networks`, or `given` is empty.
    """
    if isinstance(given, nn.Module):
        return {role: given}
    if isinstance(given, str):
        given = [given]
    if not given:
        raise ValueError(f"`{role}` is empty; give at least one network")
    if isinstance(given, Mapping):
        return dict(given)
    known = networks or {}
    for name in given:
        if name not in known:
            raise ValueError(
                f"`{role}` names {shown(name)}, which `networks` does not have"
                f"{did_you_mean(name, known)}; it has {', '.join(known) or 'none'}"
            )
    return {name: known[name] for name in given}


def check_roles(networks: Mapping[str, nn.Module] | None, *roles: Mapping[str, nn.Module]) -> None:
    """Raise ValueError where two roles name one network, or a network of `networks` has no role."""
    named = [name for role in roles for name in role]
    if twice := {name for name in named if named.count(name) > 1}:
        raise ValueError(f"two networks are called {', '.join(sorted(twice))}; rename one of them")
    if idle := (networks or {}).keys() - {*named}:
        raise ValueError(
            f"`networks` has {', '.join(sorted(idle))}, which no role names; name or remove them"
        )
