"""Former modules of this package, which configurations name: they are found for one release."""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# every class of these modules is `evaluation.NAME` today
MOVED = {
    "active_fooling": "fooling.active",
    "curvature_study": "curvature.study",
    "disturbances": "stability.disturbances",
    "imputation": "fills.imputation",
    "infidelity": "attribution.infidelity",
    "max_sensitivity": "attribution.max_sensitivity",
    "selections": "fragility.selections",
    "triggered_fooling": "fooling.triggered",
}


class MovedModules(MetaPathFinder, Loader):
    """Find a former module of this package under its old name, with a warning."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a specification for a former module of this package, and for no other name."""
        package, _, name = fullname.rpartition(".")
        if package != __package__ or name not in MOVED:
            return None
        return ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Fill a former module with the names of today's."""
        name = module.__name__.rpartition(".")[2]
        today = import_module(f"{__package__}.{MOVED[name]}")
        warnings.warn(
            f"{module.__name__} will be removed in the next release: name its classes "
            f"{__package__}.NAME, as in {__package__}.Fooling",
            FutureWarning,
            stacklevel=2,
        )
        module.__dict__.update({k: v for k, v in vars(today).items() if not k.startswith("__")})


sys.meta_path.append(MovedModules())
