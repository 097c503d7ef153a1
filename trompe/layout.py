"""The layout of a configuration file, checked before its options are read."""

from collections import Counter
from difflib import get_close_matches

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from files import shown

OF_A_CLASS = "class_path", "init_args", "dict_kwargs"
MOST = 100_000


class LayoutError(ValueError):
    """A configuration is not written as options by name."""


def check_layout(text: str) -> None:
    """Raise LayoutError, with the line, unless a text is options by name, each of them once.

    A class has a `class_path`, which is text, its options in `init_args`, and nothing beside them.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise LayoutError(f"it is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise LayoutError("it is nested too deep; write lists inside lists as one") from error
    if not isinstance(root, MappingNode):
        kind = "nothing" if root is None else root.tag.rpartition(":")[2]
        raise LayoutError(f"it holds {kind}, expected options by name, such as `run: runs/mine`")
    waiting: list[Node] = [root]
    # an alias brings the same entries again, which may hold themselves
    for node in waiting:
        if isinstance(node, MappingNode):
            _check_options(node)
            waiting += [value for _, value in node.value]
        elif isinstance(node, SequenceNode):
            waiting += node.value
        if len(waiting) > MOST:
            raise LayoutError(f"its aliases stand for over {MOST} entries; write them out")


def _check_options(options: MappingNode) -> None:
    """Raise LayoutError for a name that stands twice, or beside those of a class."""
    given = {key.value: value for key, value in options.value if isinstance(key, ScalarNode)}
    if len(given) < len(options.value):
        names = Counter(str(key.value) for key, _ in options.value)
        _refuse(options, f"`{shown(max(names, key=names.__getitem__))}` stands there twice")
    is_class = bool(given.keys() & {"class_path", "init_args"})
    for name in given.keys() - {*OF_A_CLASS}:
        if near := get_close_matches(name.lower(), OF_A_CLASS, 1, 0.8):
            _refuse(options, f"no key `{shown(name)}`; did you mean `{near[0]}`?")
        if is_class:
            beside = " and ".join(key for key in OF_A_CLASS if key in given)
            text = f"`{shown(name)}` stands beside {beside}; put the options of a class into"
            _refuse(options, f"{text} `init_args`")
    path, options_ = given.get("class_path"), given.get("init_args")
    if path is not None and path.tag != "tag:yaml.org,2002:str":
        _refuse(path, f"`class_path` is {_kind(path)}, expected the dotted name of a class")
    if options_ is not None and not isinstance(options_, MappingNode):
        _refuse(options_, f"`init_args` is {_kind(options_)}, expected options by name")


def _kind(node: Node) -> str:
    value = f" {shown(node.value)}" if isinstance(node, ScalarNode) else ""
    return f"{node.tag.rpartition(':')[2]}{value}"


def _refuse(node: Node, text: str) -> None:
    raise LayoutError(f"line {node.start_mark.line + 1}: {text}")
