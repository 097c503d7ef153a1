"""Configurations as nested dictionaries, and mistakes that people make in them."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

from benchmarks.fuzz.wrong_values import CLASSES, PARTS, VALUES

# whose entries have names of the user's own
FREE = {
    "networks",
    "interpreters",
    "interpreter",
    "manipulated",
    "attacks",
    "attack",
    "defenses",
    "influences",
    "disturbances",
    "orders",
    "measures",
    "scorers",
    "trained_on",
    "options",
}


class Mistake(NamedTuple):
    """A configuration with a mistake in it.

    Args:
        what: the mistake.
        tree: the configuration.
        path: of the entry with the mistake.
        given: the value there.
        wrong: True if the configuration must be refused.
    """

    what: str
    tree: Any
    path: tuple[str, ...]
    given: Any = None
    wrong: bool = False


def entries(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all entries of dictionaries."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield (*path, key)
            yield from entries(value, (*path, key))


def dotted(path: tuple[Any, ...]) -> str:
    """Return a path as errors name it; a name may be a number."""
    return ".".join(map(str, path))


def at(tree: Any, path: tuple[str, ...]) -> Any:
    """Return the entry at a path."""
    for key in path:
        tree = tree[key]
    return tree


def chosen(tree: Any, random: Random) -> tuple[Any, tuple[str, ...]]:
    """Return a copy of a configuration, and the path of one of its entries."""
    return deepcopy(tree), random.choice([*entries(tree)])


def misspelt(name: str, random: Random) -> str:
    """Return a name with two letters exchanged, one left out, twice, or another."""
    place = random.randrange(len(name))
    return random.choice(
        (
            name[:place] + name[place + 1 :],
            name[: place + 1] + name[place:],
            name[:place] + "q" + name[place + 1 :],
            name + "s",
            name.upper(),
        )
    )


def misspelt_key(tree: Any, random: Random) -> Mistake:
    """Misspell a key."""
    tree, path = chosen(tree, random)
    *above, key = path
    table = at(tree, tuple(above))
    other = misspelt(str(key), random)
    if not other or other in table:
        other = f"{key}q"
    wrong = not FREE & set(path) or key in ("class_path", "init_args")
    changed = {other if name == key else name: value for name, value in table.items()}
    table.clear()
    table.update(changed)
    return Mistake(f"key {key} as {other}", tree, (*above, other), table[other], wrong)


def replaced(tree: Any, random: Random) -> Mistake:
    """Replace a value by another of any kind."""
    tree, path = chosen(tree, random)
    given = random.choice(VALUES)
    at(tree, path[:-1])[path[-1]] = given
    return Mistake(f"{dotted(path)} = {given!r:.40}", tree, path, given)


def wrapped(tree: Any, random: Random) -> Mistake:
    """Put a value into a list or a dictionary."""
    tree, path = chosen(tree, random)
    table, key = at(tree, path[:-1]), path[-1]
    table[key] = random.choice(([table[key]], {"value": table[key]}, [table[key]] * 2))
    return Mistake(f"{dotted(path)} in {type(table[key]).__name__}", tree, path, table[key])


def of_another_class(tree: Any, random: Random) -> Mistake:
    """Name another class, one that does not exist, or none."""
    tree = deepcopy(tree)
    paths = [path for path in entries(tree) if path[-1] == "class_path"]
    if not paths:
        return replaced(tree, random)
    path = random.choice(paths)
    table = at(tree, path[:-1])
    given = random.choice((misspelt(str(table["class_path"]), random), *CLASSES, *PARTS))
    table["class_path"] = given
    return Mistake(f"{dotted(path)} = {given}", tree, path, given)


def dropped(tree: Any, random: Random) -> Mistake:
    """Leave an entry out."""
    tree, path = chosen(tree, random)
    del at(tree, path[:-1])[path[-1]]
    return Mistake(f"no {dotted(path)}", tree, path)


def exchanged(tree: Any, random: Random) -> Mistake:
    """Exchange the values of two entries."""
    tree, path = chosen(tree, random)
    other = random.choice([*entries(tree)])
    first, second = (deepcopy(at(tree, each)) for each in (path, other))
    if path != other[: len(path)] and other != path[: len(other)]:
        at(tree, path[:-1])[path[-1]], at(tree, other[:-1])[other[-1]] = second, first
    return Mistake(f"{dotted(path)} <-> {dotted(other)}", tree, (*path, *other))


MISTAKES: tuple[Callable[[Any, Random], Mistake], ...] = (
    misspelt_key,
    misspelt_key,
    replaced,
    replaced,
    replaced,
    wrapped,
    of_another_class,
    dropped,
    exchanged,
)
