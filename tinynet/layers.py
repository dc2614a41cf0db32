"""The layers: each maps x to y and hands back the function that carries gradients back.

    n  examples in a batch      d  inputs of a layer      m  its units      k  classes

    x (n, d) input of a layer           W (d, m), b (m,) its weights
    y (n, m) its output                 dQ is dL/dQ, where L is the mean loss of the batch;
                                        dQ has the shape of Q

`forward(x)` returns `(y, backward)`; `backward(dy)` writes the gradients of the layer's own
weights and returns `dx`. The two stand together because the second is the derivative of the
first. What backward needs again it finds in the closure, so a layer keeps no cache.

A layer's weights are views of two long vectors that belong to the model, one of all
parameters and one of all gradients: writing dW writes into the model's gradient. Gradients are
written, never added up, so there is nothing to reset between steps. What a layer keeps but does
not train, such as running means, lies in a vector apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinynet import activations, constraints, initializers, regularizers, symbols
from tinynet.config import refuse_dtype, unique_name
from tinynet.support import registry, settings
from tinynet.weights import Weight, Weighted

Array = NDArray[np.floating]
Shape = tuple[int, ...]  # of one example: without the batch axis
Backward = Callable[[Array], Any]  # dy -> dx, or None where nobody asks for dx


class Layer(symbols.Applicable, Weighted):
    """Base class: a subclass writes `forward`, and `build` if it has weights.

    Args:
        name: str; None (default) takes the next free one: dense, dense_1, ...
        trainable: whether fit changes its weights; default True. `layer.trainable = False` freezes
            it later, too.
        input_shape: shape of one example, such as (784,); only the first layer needs it.
            input_dim=784 says the same.

    Example, a layer of your own with one weight for each input:
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.add_weight("a", input_shape, "ones")
        ...         return input_shape
        ...
        ...     def forward(self, x):
        ...         def backward(dy):
        ...             np.sum(dy * x, axis=0, out=self.da)
        ...             return dy * self.a
        ...
        ...         return x * self.a, backward

    Source: keras.layers.Layer, where `call` computes y and a framework differentiates it.
    """

    formulas: Mapping[str, str] = {}  # of y, dx, dW, ..., for explain to print

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int] | None = None,
        **unknown: Any,
    ) -> None:
        refuse_dtype(unknown)
        if "input_dim" in unknown:
            input_shape = (unknown.pop("input_dim"),)
        registry.refuse(type(self), unknown)
        self.name: str = settings.text("name", name or unique_name(type(self).__name__))
        self.trainable = trainable
        self.input_shape: Shape | None = (
            None if input_shape is None else settings.shape(input_shape)
        )
        self.declared: dict[str, Weight] = {}
        self.output_shape: Shape | None = None  # known once the model is built
        self.needs_dx = True  # the model sets it False where dx would be of no use

    def build(self, input_shape: Shape) -> Shape:
        """Declare the weights for inputs of that shape, and return the shape of an output."""
        return input_shape

    def forward(self, x: Array) -> tuple[Array, Backward]:
        """Compute y (n, ...) from x (n, ...), and the function that maps dy to dx."""
        raise TypeError(f"{type(self).__name__} has no forward(x) that returns (y, backward).")

    def infer(self, x: Array) -> Array:
        """Compute y when not training: the same, but for layers such as Dropout."""
        return self.forward(x)[0]

    def links(self) -> tuple[Layer, ...]:
        """Return the steps that this layer adds to the model's chain: mostly itself."""
        return (self,)

    def use_generator(self, rng: np.random.Generator) -> None:
        """Take note of the model's random generator, where the layer draws numbers."""

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("input_shape", None)  # the model's to tell
        return config


class Dense(Layer):
    """Connect every input to every unit: y = activation(x W + b).

    Args:
        units: m, int, at least 1.
        activation: name such as "relu" or "softmax"; None (default) is linear.
        use_bias: whether there is a b; default True.
        kernel_initializer: the first W; default "glorot_uniform".
        bias_initializer: the first b; default "zeros".
        kernel_regularizer: a penalty on W, such as regularizers.L2(1e-4); default None.
        bias_regularizer: a penalty on b; default None.
        activity_regularizer: a penalty on y, divided by n; default None.
        kernel_constraint, bias_constraint: what W and b hold to after every step, such as
            constraints.MaxNorm(2); default None.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: units below 1, an unknown name, or (when built) an input that is not flat.

    Example:
        >>> from tinynet import Sequential
        >>> model = Sequential([Dense(10, activation="softmax", input_shape=(784,))])
        >>> model.count_params()  # 784 * 10 + 10
        7850

    Source: keras.layers.Dense, for flat inputs.
    """

    W: Array
    b: Array
    dW: Array
    db: Array
    formulas: Mapping[str, str] = {
        "y": "y = x W + b",
        "dW": "x.T dy",
        "db": "the sum of dy's rows",
        "dx": "dy W.T",
    }

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units: int = settings.count("units", units)
        self.activation: activations.Function = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise ValueError(
                f"Dense layer {self.name!r} expected flat examples of shape (d,), got examples "
                f"of shape {input_shape}. Put a Flatten() before it, or flatten the data: "
                f"x = x.reshape(len(x), {math.prod(input_shape)})"
            )
        self.add_weight("W", (*input_shape, self.units), **self.made_from("kernel"))
        if self.use_bias:
            self.add_weight("b", (self.units,), **self.made_from("bias"))
        return (self.units,)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y = product(x, self.W)  # (n, d) @ (d, m) -> (n, m)
        if self.use_bias:
            y += self.b  # (n, m) + (m,): the same b for every row

        def backward(dy: Array) -> Array | None:
            np.matmul(x.T, dy, out=self.dW)  # (d, n) @ (n, m) -> (d, m)
            if self.use_bias:
                ones = np.ones(len(dy), dy.dtype)  # (n,)
                np.matmul(ones, dy, out=self.db)  # b reached every row: sum the rows, (m,)
            return product(dy, self.W.T) if self.needs_dx else None  # (n, m) @ (m, d) -> (n, d)

        return y, backward

    def links(self) -> tuple[Layer, ...]:
        # The activation is a link of its own: its derivative then stands in one place only,
        # and the model can leave a last softmax to the loss (see losses.py).
        if self.activation is activations.linear:
            return (self,)
        return (self, Activation(self.activation, name=f"{self.name}_activation"))


def product(a: Array, b: Array) -> Array:
    """Return a @ b, laid out column by column.

    The numbers are those of `a @ b`. Where a has few rows, as a batch has, BLAS shares this
    layout out better between the cores: up to 30 % faster.
    """
    return (b.T @ a.T).T


class Activation(Layer):
    """Apply a function to every unit: y = f(x).

    Args:
        activation: name such as "relu", or a function of tinynet.activations.
        **options: name, input_shape: see Layer.

    Example:
        >>> Activation("relu").infer(np.array([[-1.0, 2.0]]))
        array([[0., 2.]])

    Source: keras.layers.Activation.
    """

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation: activations.Function = activations.get(activation)
        y, dx = activations.FORMULAS[self.activation]
        self.formulas: dict[str, str] = {"y": y, "dx": dx}

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y = self.activation(x)  # (n, m)
        seen = x if self.activation in activations.FROM_INPUT else y  # (n, m)

        def backward(dy: Array) -> Array:
            return activations.BACKWARD[self.activation](dy, seen)  # (n, m)

        return y, backward


class Softmax(Activation):
    """Turn each row of scores into probabilities: y_j = e^x_j / sum_k e^x_k.

    On its own it carries gradients through its full Jacobian. As the last layer before a
    cross-entropy it is left to the loss in training, which is exact where the two apart
    would compute 0 / 0 (see losses.py).

    Args:
        axis: -1, the last, and no other.
        name, input_shape: see Layer.

    Example:
        >>> Softmax().infer(np.array([[0.0, 0.0]]))
        array([[0.5, 0.5]])

    Source: keras.layers.Softmax with its default axis.
    """

    def __init__(
        self, axis: int = -1, *, name: str | None = None, input_shape: Sequence[int] | None = None
    ) -> None:
        super().__init__("softmax", name=name, input_shape=input_shape)
        self.axis = settings.choice("axis", axis, -1)


class Flatten(Layer):
    """Lay each example out as one row: (n, 28, 28) becomes (n, 784).

    Args:
        data_format: None or "channels_last" (both say what happens anyway).
        **options: name, input_shape: see Layer.

    Example:
        >>> Flatten().infer(np.zeros((5, 28, 28))).shape
        (5, 784)

    Source: keras.layers.Flatten, without its "channels_first".
    """

    formulas: Mapping[str, str] = {
        "y": "y = x, every example laid out as one row",
        "dx": "dy in the shape of x",
    }

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = settings.choice("data_format", data_format, None, "channels_last")

    def build(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        y = x.reshape(len(x), -1)  # (n, a, b, ...) -> (n, a b ...)

        def backward(dy: Array) -> Array:
            return dy.reshape(x.shape)  # (n, a b ...) -> (n, a, b, ...)

        return y, backward


class Dropout(Layer):
    """In training, silence each input with probability `rate` and scale the others up.

    y = x mask / (1 - rate), where mask is 0 with probability rate, else 1; the mean of y is x.
    When not training, y = x.

    Args:
        rate: float in [0, 1).
        seed: int or None (default): None takes the model's own random generator.
        **options: name, input_shape: see Layer.

    Raises:
        ValueError: rate outside [0, 1).

    Example:
        >>> Dropout(0.5).infer(np.array([[1.0, 2.0]]))
        array([[1., 2.]])

    Source: Srivastava et al., 2014; keras.layers.Dropout. Which inputs are silenced differs
    from Keras, since the random numbers are NumPy's.
    """

    formulas: Mapping[str, str] = {
        "y": "y = x mask / (1 - rate)",
        "dx": "dy mask / (1 - rate), the same mask",
    }

    def __init__(self, rate: float, *, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.rate: float = settings.number("rate", rate, "[0, 1)")
        self.seed = seed
        self.rng: np.random.Generator = np.random.default_rng(seed)

    def forward(self, x: Array) -> tuple[Array, Backward]:
        mask = self.rng.random(x.shape, dtype=np.float32) >= self.rate  # (n, m) of bool
        keep = 1 - self.rate

        def backward(dy: Array) -> Array:
            return dy * mask / keep  # (n, m)

        return x * mask / keep, backward  # (n, m)

    def infer(self, x: Array) -> Array:
        return x

    def use_generator(self, rng: np.random.Generator) -> None:
        if self.seed is None:
            self.rng = rng


BY_NAME: dict[str, type[Layer]] = registry.names_of([Dense, Activation, Softmax, Flatten, Dropout])


def get(identifier: Any) -> Layer:
    """Return the layer meant by a config or an instance."""
    return registry.get("layer", Layer, BY_NAME, identifier)


if TYPE_CHECKING:  # what more/ adds when it is first asked for, and models/inputs.py at once
    from tinynet.models.inputs import Input as Input
    from tinynet.models.inputs import InputLayer as InputLayer
    from tinynet.more.merging import *  # noqa: F403
    from tinynet.more.normalization import *  # noqa: F403
    from tinynet.more.rectifiers import *  # noqa: F403
    from tinynet.more.regularization import *  # noqa: F403
    from tinynet.more.reshaping import *  # noqa: F403
    from tinynet.more.scaling import *  # noqa: F403
