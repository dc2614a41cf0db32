"""A model inside a model."""

from __future__ import annotations

from typing import Any

from tinynet.layers import Array, Backward, Layer, Shape


class Nested(Layer):
    """A whole model as the first layer of another, to be used but not trained.

    Its weights stay views of its own model's vector, so what that learns later shows here:
    Sequential([model, Softmax()]) makes probabilities of a trained model's logits.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(name=model.name, input_shape=model.input_shape[1:])
        self.model = model

    def build(self, input_shape: Shape) -> Shape:
        return tuple(self.model.output_shape[1:])

    def forward(self, x: Array) -> tuple[Array, Backward]:
        raise ValueError(
            f"The model {self.name!r} is part of another one, which can't train it: "
            f"compile and fit {self.name!r} itself."
        )

    def infer(self, x: Array) -> Array:
        return self.model(x)  # type: ignore[no-any-return]  # (n, d) -> (n, k)

    def get_config(self) -> dict[str, Any]:
        raise ValueError(
            f"A model inside a model can't be written down: save {self.name!r} itself."
        )
