"""What rank 0's callbacks have changed, told to the other ranks before each step.

Weights lie in memory that all share, and the learning rate is told every time. A callback may also
set another number of the optimizer or of a layer, such as a momentum or a dropout's rate.
"""

from __future__ import annotations

import json
from typing import Any

from numpy.typing import NDArray

from tinynet.distributed import independence
from tinynet.distributed.board import Board

Array = NDArray[Any]

PLAIN = (bool, int, float, str, type(None))
TOLD_ANYWAY = ("iterations", "learning_rate", "name")


def parts(model: Any) -> list[Any]:
    """Return what may be set while a model trains."""
    return [model.optimizer, *model.layers]


def settings(model: Any) -> list[dict[str, Any]]:
    """Return the numbers and words that these parts hold."""
    return [
        {name: v for name, v in vars(part).items() if isinstance(v, PLAIN)} for part in parts(model)
    ]


class News:
    """What is told before a step.

    Args:
        steered: whether a callback may change something between two steps.
    """

    def __init__(self, model: Any, board: Board, steered: bool) -> None:
        self.model, self.board, self.count = model, board, 0.0
        self.expected = steered and board.rank == 0
        self.keep()

    def tell(self, *vectors: Array) -> list[tuple[int, str, Any]]:
        """Tell the rate and the number of the coming step, these vectors, and what is new.

        Return that as (number of the part, name, value).
        """
        board, optimizer = self.board, self.model.optimizer
        news = self.new() if self.expected else []
        if board.rank == 0:
            if news:
                self.count += 1
                board.write(json.dumps(news))
            board.rate[:] = optimizer.current_learning_rate(), optimizer.iterations, self.count
        board.go_on(board.rate, *vectors)
        if self.expected and news:
            board.go_on(board.texts[0])
        elif board.rank and board.rate[2] != self.count:
            board.go_on(board.texts[0])
            self.count = board.rate[2]
            news = json.loads(board.read(0))
            for i, name, value in news:
                setattr(parts(self.model)[i], name, value)
        return news

    def new(self) -> list[tuple[int, str, Any]]:
        """Return what has been set since the last step."""
        now = settings(self.model)
        news = [
            (i, name, value)
            for i, values in enumerate(now)
            for name, value in values.items()
            if name not in TOLD_ANYWAY and self.known[i].get(name) != value
        ]
        if news:
            independence.check(self.model)  # a layer may not be frozen any more
        return news

    def keep(self) -> None:
        """Take note of what is set now: what a step itself has changed is no news."""
        if self.expected:
            self.known = settings(self.model)
