"""How much each training image has to do with a prediction (Koh and Liang 2017, equation 2)."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from interpreters.influence.head import Head, augmented, fit_head
from interpreters.influence.head_losses import HeadLoss, SoftmaxCrossEntropy
from interpreters.influence.inverse import Exact, Inverse, Product


@dataclass(frozen=True)
class InfluenceFunctions:
    """Influences for a last layer fitted to features that stay.

    Args:
        loss: What the layer is fitted with.
        l2: Weight of half the squared length of its weights, beside the mean loss.
        inverse: How the inverse of the Hessian is applied, with its damping.
    """

    loss: HeadLoss = SoftmaxCrossEntropy()
    l2: float = 0.001
    inverse: Inverse = field(default_factory=Exact)

    def __post_init__(self) -> None:
        if not self.l2 >= 0:
            raise ValueError(f"`l2` must be at least 0, got {self.l2}")

    def fit(self, features: Tensor, labels: Tensor, classes: int) -> "Influences":
        """Fit the layer to training images.

        Args:
            features: shape (N, D).
            labels: shape (N,).
            classes: number of classes.

        Raises:
            ValueError: there is no such layer, or its Hessian has no inverse.
        """
        inputs = features.detach().double()
        head = fit_head(inputs, labels, classes, self.loss, self.l2)
        return Influences(head, inputs, labels, self.inverse(head, inputs, labels))


@dataclass(frozen=True)
class Influences:
    """Influences of training images on the loss of others, in float64.

    An influence over N is how much the loss would rise, to first order, were the image left out.

    Args:
        head: The layer.
        features: Of the N training images, shape (N, D).
        labels: Theirs, shape (N,).
        inverse: The Hessian's inverse times vectors (M, K, D + 1).
    """

    head: Head
    features: Tensor
    labels: Tensor
    inverse: Product

    @torch.no_grad()
    def __call__(self, features: Tensor, labels: Tensor) -> Tensor:
        """The influence of every training image, shape (M, N), given features (M, D)."""
        products = self.inverse(self._gradients(features.double(), labels))
        errors = self.head.errors(self.features, self.labels)
        # contracted from the left, with nothing between that is of every image, pair and weight
        return torch.einsum("mkp,np,nk->mn", products, augmented(self.features), errors)

    def inverse_hvp(self, chosen: Tensor) -> Tensor:
        """H^-1 g of some training images, shape (M, T, K, D + 1), given which, (M, T)."""
        which, places = chosen.unique(return_inverse=True)
        gradients = self._gradients(self.features[which], self.labels[which])
        return self.inverse(gradients)[places]

    def from_inverse_hvp(self, products: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Influences of those images, shape (M, T), differentiable in features (M, D)."""
        return torch.einsum("mtkp,mkp->mt", products, self._gradients(features.double(), labels))

    def _gradients(self, features: Tensor, labels: Tensor) -> Tensor:
        """Of each image's loss in the weights, shape (M, K, D + 1)."""
        errors = self.head.errors(features, labels)
        return errors[:, :, None] * augmented(features)[:, None, :]

    @property
    def layer(self) -> tuple[Tensor, Tensor]:
        """Weight (classes, D) and bias (classes,) of the layer as one of logits."""
        rows = self.head.loss.rows(self.head.weights)
        return rows[:, :-1], rows[:, -1]
