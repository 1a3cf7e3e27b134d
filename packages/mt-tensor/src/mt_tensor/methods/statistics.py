"""Statistics over dimensions, composed of sums and maxima."""

from math import inf, prod
from typing import Self

from mt_tensor.functions.reduction import Dims
from mt_tensor.layout import normalize_axes
from mt_tensor.methods.reductions import Reductions


class Statistics(Reductions):
    """Variance, standard deviation, log-sum-exp; dimensions are kept, as in `sum`."""

    __slots__ = ()

    def var(self, dim: Dims = None, *, correction: float = 1.0, keepdim: bool = True) -> Self:
        r"""Variance over `dim`, $\frac{1}{n - c} \sum_i (x_i - \bar x)^2$.

        Args:
            dim: one dimension or several; None for all.
            correction: $c$; 1 is the unbiased estimate, 0 the variance of the sample itself.
            keepdim: keep size 1 in place of each dimension.

        Raises:
            ShapeError: a dimension is out of range or named twice.
        """
        return self._variance("var", dim, correction, keepdim)

    def std(self, dim: Dims = None, *, correction: float = 1.0, keepdim: bool = True) -> Self:
        """Standard deviation over `dim`: the root of `var`, whose arguments it takes."""
        return self._variance("std", dim, correction, keepdim).sqrt()

    def logsumexp(self, dim: Dims = None, *, keepdim: bool = True) -> Self:
        r"""Return $\ln \sum_i e^{x_i}$ over `dim`, shifted by the maximum so as not to overflow.

        Raises:
            ShapeError: a dimension is out of range or named twice, or has no elements.
        """
        axes = normalize_axes("logsumexp", dim, self.ndim)
        self._check_elements("logsumexp", axes)
        largest = self.detach().max(axes)
        shift = largest.where(largest.abs() < inf, 0.0)
        shifted = (self - shift).exp().sum(axes).log() + shift
        if keepdim:
            return shifted.view(1) if dim is None else shifted
        return shifted.view(*(n for d, n in enumerate(self.shape) if d not in axes))

    def _variance(self, name: str, dim: Dims, correction: float, keepdim: bool) -> Self:  # noqa: FBT001
        axes = normalize_axes(name, dim, self.ndim)
        count = prod(self.shape[d] for d in axes)
        center = self.sum(axes) / float(count)
        deviation = self - center
        return (deviation * deviation).sum(dim, keepdim=keepdim) / max(count - correction, 0.0)
