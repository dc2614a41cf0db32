"""What would have no effect is refused: methods of subclasses that only Keras calls."""

from __future__ import annotations

from tinynet.support import spellings


def overrides(cls: type) -> None:
    """Refuse a class of one's own that overrides what Keras calls and tinynet does not.

    Raises:
        TypeError: with what to write in its place.
    """
    if ours(cls):
        return
    own = {name for part in cls.__mro__ if not ours(part) for name in vars(part)}
    for base in filter(ours, cls.__mro__):
        for name, instead in spellings.OVERRIDES.get(base.__name__, {}).items():
            if name in own:
                raise TypeError(
                    f"{cls.__name__}.{name} is what Keras calls, and not tinynet. {instead}"
                )


def ours(cls: type) -> bool:
    """Say whether a class is one of tinynet's."""
    return cls.__module__.startswith("tinynet.")
