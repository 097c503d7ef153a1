"""Influence of training images on a prediction (Koh and Liang 2017, equation 2)."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from interpreters.influence.head import Head, augmented, fit_head
from interpreters.influence.head_losses import HeadLoss, SoftmaxCrossEntropy
from interpreters.influence.inverse import Exact, Inverse, Product
from labels import one_label_each


@dataclass(frozen=True)
class InfluenceFunctions:
    """Influence functions of a last layer that is refitted to fixed features.

    Args:
        loss: Training loss of the layer.
        l2: Weight of the penalty 0.5 |w|^2 that is added to the mean loss.
        inverse: Method for inverse Hessian-vector products, with its damping.

    Example:
        >>> import torch
        >>> features, labels = torch.randn(20, 4), torch.arange(20) % 2
        >>> influences = InfluenceFunctions(l2=0.1).fit(features, labels, classes=2)
        >>> influences(features[:3], labels[:3]).shape
        torch.Size([3, 20])
    """

    loss: HeadLoss = SoftmaxCrossEntropy()
    l2: float = 0.001
    inverse: Inverse = field(default_factory=Exact)

    def __post_init__(self) -> None:
        if not self.l2 >= 0:
            raise ValueError(f"`l2` must be at least 0, got {self.l2}")

    def fit(self, features: Tensor, labels: Tensor, classes: int) -> "Influences":
        """Fit the layer to training images and return their influences.

        Args:
            features: shape (N, D).
            labels: shape (N,).
            classes: number of classes.

        Raises:
            TypeError, ValueError: the labels fit neither features nor classes, the fit does not
                converge, or the Hessian has no inverse.
        """
        inputs, labels = features.detach().double(), one_label_each(labels, len(features), classes)
        head = fit_head(inputs, labels, classes, self.loss, self.l2)
        return Influences(head, inputs, labels, self.inverse(head, inputs, labels), classes)


@dataclass(frozen=True)
class Influences:
    """Influences of N training images on the loss of other images, in float64.

    Influence / N is, to first order, the rise of the loss if the training image is left out.

    Args:
        head: The fitted layer.
        features: features of the training images, shape (N, D).
        labels: labels of the training images, shape (N,).
        inverse: inverse Hessian times vectors (M, K, D + 1).
        classes: number of classes.

    Example:
        >>> import torch
        >>> features, labels = torch.randn(20, 4), torch.arange(20) % 2
        >>> influences = InfluenceFunctions(l2=0.1).fit(features, labels, classes=2)
        >>> influences.inverse_hvp(torch.tensor([[0, 7]])).shape
        torch.Size([1, 2, 2, 5])
    """

    head: Head
    features: Tensor
    labels: Tensor
    inverse: Product
    classes: int

    @torch.no_grad()
    def __call__(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the influence of every training image, shape (M, N), given features (M, D)."""
        labels = one_label_each(labels, len(features), self.classes)
        products = self.inverse(self._gradients(features.double(), labels))
        errors = self.head.errors(self.features, self.labels)
        # contracted from the left, which needs no tensor of shape (M, N, K, D)
        return torch.einsum("mkp,np,nk->mn", products, augmented(self.features), errors)

    def inverse_hvp(self, chosen: Tensor) -> Tensor:
        """Return H^-1 g of the training images at these indices (M, T), (M, T, K, D + 1)."""
        which, rows = chosen.unique(return_inverse=True)
        gradients = self._gradients(self.features[which], self.labels[which])
        return self.inverse(gradients)[rows]

    def from_inverse_hvp(self, products: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Return their influences, shape (M, T), differentiable in features (M, D)."""
        return torch.einsum("mtkp,mkp->mt", products, self._gradients(features.double(), labels))

    def _gradients(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient of each image's loss in the weights, shape (M, K, D + 1)."""
        errors = self.head.errors(features, labels)
        return errors[:, :, None] * augmented(features)[:, None, :]

    @property
    def layer(self) -> tuple[Tensor, Tensor]:
        """Weight (classes, D) and bias (classes,) of the layer, with a logit for each class."""
        rows = self.head.loss.rows(self.head.weights)
        return rows[:, :-1], rows[:, -1]
