"""The last layer of a network as a linear model of fixed features."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from torch import Tensor
from torch.func import grad, hessian, jvp, vmap

from interpreters.influence.head_losses import HeadLoss


@dataclass(frozen=True)
class Head:
    """Linear layer with a loss, in float64.

    Args:
        weights: shape (K, D + 1), a row for each output, the bias last.
        loss: Loss of the outputs for one image.
        l2: Weight of the penalty 0.5 |w|^2 that is added to the mean loss.

    Example:
        >>> import torch
        >>> from interpreters.influence import SoftmaxCrossEntropy
        >>> head = Head(torch.zeros(2, 5).double(), SoftmaxCrossEntropy(), l2=0.1)
        >>> head.errors(torch.rand(3, 4).double(), torch.tensor([0, 1, 1])).shape
        torch.Size([3, 2])
    """

    weights: Tensor
    loss: HeadLoss
    l2: float

    def errors(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the loss's gradient in the outputs, shape (N, K), given features (N, D)."""
        outputs = augmented(features) @ self.weights.T
        slopes: Tensor = vmap(grad(self.loss))(outputs, labels)
        return slopes

    def output_hessians(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the loss's Hessian in the outputs, shape (N, K, K), given features (N, D)."""
        outputs = augmented(features) @ self.weights.T
        found: Tensor = vmap(hessian(self.loss))(outputs, labels)
        return found

    def hessian_vector_product(self, outputs: Tensor, labels: Tensor, directions: Tensor) -> Tensor:
        """Return the loss's Hessian in outputs (N, K) times directions (M, N, K)."""

        def slopes(at: Tensor) -> Tensor:
            found: Tensor = vmap(grad(self.loss))(at, labels)
            return found

        products: Tensor = vmap(lambda each: jvp(slopes, (outputs,), (each,))[1])(directions)
        return products


def fit_head(features: Tensor, labels: Tensor, classes: int, loss: HeadLoss, l2: float) -> Head:
    """Return the head that minimises mean loss and penalty, by SciPy's L-BFGS.

    Args:
        features: shape (N, D), float64.
        labels: shape (N,).
        classes: number of classes.
        loss: Loss of the outputs for one image.
        l2: weight of the penalty 0.5 |w|^2.

    Raises:
        ValueError: the optimiser does not converge.
    """
    inputs = augmented(features)
    shape = (loss.outputs(classes), inputs.shape[1])

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = torch.from_numpy(flat).view(shape).to(inputs).requires_grad_()
        with torch.enable_grad():
            losses = vmap(loss)(inputs @ weights.T, labels)
            total = losses.mean() + l2 / 2 * weights.square().sum()
            (slope,) = torch.autograd.grad(total, weights)
        return total.item(), slope.flatten().cpu().numpy()

    options = {"maxiter": 10_000, "maxfun": 100_000, "gtol": 1e-8, "ftol": 0.0}
    begin = np.zeros(shape).ravel()
    found = minimize(objective, begin, jac=True, method="L-BFGS-B", options=options)
    steepest = float(np.abs(found.jac).max())
    if steepest > 1e-5:
        raise ValueError(
            f"the last layer could not be fitted: its gradient is {steepest:.1e}, expected at most "
            f"1e-5 ({found.message}); give a larger `l2` than {l2:g}"
        )
    return Head(torch.from_numpy(found.x).view(shape).to(inputs), loss, l2)


def augmented(features: Tensor) -> Tensor:
    """Return features (N, D) with a column of ones for the bias, shape (N, D + 1)."""
    return F.pad(features, (0, 1), value=1.0)
