"""One module for two names: `losses` and `trompe.losses`, from the checkout and when installed.

In the checkout the parts `losses`, `metrics`, ... are folders beside `trompe`; when installed they
are folders inside it. `losses.Location` is the name in pickles and configurations in both cases.
"""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).parent
HOME = PACKAGE if (PACKAGE / "networks").is_dir() else PACKAGE.parent
PARTS = {path.parent.name for path in HOME.glob("*/__init__.py")} - {"benchmarks", "trompe"}


class ModuleNameError(ImportError):
    """A module that is not trompe's already has the name of one of trompe's parts."""


class PartLoader(SourceFileLoader):
    """Load `losses` or `losses.location`, and enter it as `trompe.losses...` too."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, then give it its second name."""
        super().exec_module(module)
        share(module)


class AliasLoader(SourceFileLoader):
    """Load `trompe.losses...` as the module `losses...`, whose name and spec stay."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module itself."""
        module = import_module(spec.name.removeprefix("trompe."))
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Undo the one change that importing under a second name makes."""
        module.__spec__ = self.spec


class PartFinder(MetaPathFinder):
    """Find trompe's parts in its own folders, before those of the working folder."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a part or of a module inside one, under either name."""
        name = fullname.removeprefix("trompe.")
        if name.partition(".")[0] not in PARTS:
            return None
        file = file_of(name)
        if file is None:
            return None
        if name == fullname in PARTS:
            warn_of_another(name, file)
        loader = (PartLoader if name == fullname else AliasLoader)(fullname, str(file))
        return spec_from_file_location(fullname, file, loader=loader)


def file_of(name: str) -> Path | None:
    """Return the file of a module of trompe's, or None."""
    stem = HOME.joinpath(*name.split("."))
    return next((f for f in (stem / "__init__.py", stem.with_suffix(".py")) if f.is_file()), None)


def share(module: ModuleType) -> None:
    """Enter a loaded module of a part under its second name.

    It has to be there before it is asked for: an import under a name that is missing would set the
    attribute `losses.location`, a function, to the module of that name.
    """
    sys.modules[f"trompe.{module.__name__}"] = module
    if module.__name__ in PARTS:
        setattr(sys.modules["trompe"], module.__name__, module)


def warn_of_another(name: str, file: Path) -> None:
    """Warn of a module of the same name that would be imported if trompe were not."""
    spec = PathFinder.find_spec(name)
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    if spec is None or (spec.origin is None and not any(any(f.glob("*.py")) for f in folders)):
        return  # a folder without modules, such as one of results
    other = Path(spec.origin or folders[0])
    if other.resolve() != file.resolve():
        warnings.warn(
            f"`import {name}` imports {file}, not {other}; rename the latter to import it beside "
            "trompe",
            stacklevel=2,
        )


def install() -> None:
    """Find trompe's parts from now on, and share those that are imported already.

    Raises:
        ModuleNameError: another module of a part's name is imported already.
    """
    for name in sorted(PARTS & set(sys.modules)):
        file = getattr(sys.modules[name], "__file__", None)
        if file is None or Path(file).resolve() != (HOME / name / "__init__.py").resolve():
            other = file or next(iter(getattr(sys.modules[name], "__path__", [])), "no file")
            raise ModuleNameError(
                f"`{name}` is already imported from {other}, and trompe needs this name for "
                f"{HOME / name / '__init__.py'}; rename the former"
            )
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in PARTS:
            share(module)
    sys.meta_path.insert(0, PartFinder())
