"""From names and configs to objects, and back: "relu", {"class_name": "Adam", ...}.

Everything that a script may name (an optimizer, a loss, an initializer) is looked up in a
table of this package's own classes. Nothing is ever imported or evaluated by its name, so a
config that comes from a file can ask for no more than what the tables hold.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np

from tinynet.support import refusing, settings, spellings

C = TypeVar("C", bound="Configurable")
T = TypeVar("T")


class Configurable:
    """An object that its constructor's arguments describe completely.

    The config is read off the constructor's signature: each argument is kept as an attribute
    of its own name. A class of your own needs no more than that to be printed and saved.

    Attributes:
        off: settings that Keras has and tinynet has not, as they are when switched off. So they may
            be given, and Keras finds them in the config.

    Example:
        >>> class Tempered(Configurable):
        ...     def __init__(self, temperature=1.0):
        ...         self.temperature = temperature
        >>> Tempered(2.5).get_config()
        {'temperature': 2.5}
        >>> Tempered.from_config({"temperature": 0.5})
        Tempered(temperature=0.5)
    """

    off: Mapping[str, Any] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        # NumPy's own numbers would make float64 of float32 arrays, in every step.
        super().__setattr__(name, value.item() if isinstance(value, np.generic) else value)

    def __new__(cls: type[C], *args: Any, **options: Any) -> C:
        refusing.overrides(cls)
        return super().__new__(cls)

    @classmethod
    @functools.cache
    def arguments(cls) -> Mapping[str, Any]:
        """Return the constructor's arguments, those behind **options included: {name: default}."""
        defaults: dict[str, Any] = {}
        for ancestor in (a for a in cls.__mro__[:-1] if "__init__" in vars(a)):
            parameters = list(inspect.signature(vars(ancestor)["__init__"]).parameters.values())[1:]
            for p in parameters:  # an ancestor's argument may have another default here
                if p.kind is not p.VAR_KEYWORD:
                    defaults.setdefault(p.name, p.default)
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
        return defaults

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON-able values."""
        for name in self.arguments():
            if not hasattr(self, name):
                raise ValueError(
                    f"{type(self).__name__} can't be written down: its argument {name!r} is not "
                    f"kept. In __init__: self.{name} = {name}"
                )
        return {name: serialize(self.setting(name)) for name in self.arguments()} | dict(self.off)

    def setting(self, name: str) -> Any:
        """Return the value of a constructor's argument, as it was given."""
        return vars(self)[name] if name in vars(self) else getattr(self, name)

    @classmethod
    def from_config(cls: type[C], config: Mapping[str, Any]) -> C:
        """Make an object from what `get_config` returned, here or in Keras.

        Raises:
            ValueError: for a setting that this class does not have, unless it is switched off
                there (None, False or 0), as Keras writes out many.
        """
        known = cls.arguments()
        for name, value in config.items():
            if name not in known and value and name not in KERAS_HOUSEKEEPING:
                raise ValueError(
                    f"{cls.__name__} has no setting {name!r} in tinynet (it came as {value!r})."
                    f" It has: {', '.join(known) or 'none'}."
                )
        return cls(**{name: value for name, value in config.items() if name in known})

    def __repr__(self) -> str:
        """Show the numbers, and all that is not as it is by default."""
        shown = []
        for name, default in self.arguments().items():
            value = self.setting(name)
            if callable(value) and not isinstance(value, Configurable):
                value = getattr(value, "__name__", value)  # relu
            if is_number(value) or not is_same(value, default):
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def is_number(value: Any) -> bool:
    """Say whether it is one; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_same(value: Any, default: Any) -> bool:
    """Say whether it is the default, or what the default is the name of: Zeros() for "zeros"."""
    made = isinstance(value, Configurable) and repr(value) == f"{type(value).__name__}()"
    return repr(snake_case(type(value).__name__) if made else value) == repr(default)


# What Keras writes into every config and what has no meaning here: one dtype for the whole
# model, every weight trainable, losses that are always averaged, names of what is shown nowhere.
KERAS_HOUSEKEEPING = {"trainable", "dtype", "reduction", "registered_name", "module", "name"}
KERAS_HOUSEKEEPING |= {"ema_momentum", "jit_compile"}


MODULES = {"schedules": "optimizers.schedules", "inputs": "layers"}  # in Keras


def serialize(value: Any) -> Any:
    """Describe a value by JSON-able ones, in the form that Keras reads too.

    Raises:
        ValueError: an object that can't be described, with the argument that is the reason.
    """
    if isinstance(value, Configurable):
        config = value.get_config()
        for name, setting in config.items():
            if not is_plain(setting):
                raise ValueError(
                    f"{type(value).__name__} can't be written down: its argument {name!r} is "
                    f"{type(setting).__name__}, and a file holds numbers, words, lists and dicts "
                    f"of them. Take such, or write get_config and from_config."
                )
        modules = [ancestor.__module__ for ancestor in type(value).__mro__]
        module = next(m for m in modules if ".more." not in m).rpartition(".")[2]
        return {
            "module": f"keras.{MODULES.get(module, module)}",
            "class_name": type(value).__name__,
            "config": config,
            "registered_name": None,
        }
    if isinstance(value, np.generic):
        return value.item()
    named = inspect.isroutine(value) and value.__name__.isidentifier()
    return value.__name__ if named else value


def is_plain(value: Any) -> bool:
    """Say whether a value can be written in JSON."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and is_plain(value[name]) for name in value)
    return value is None or isinstance(value, (bool, int, float, str))


def snake_case(class_name: str) -> str:
    """Write a class's name with underscores, by Keras's rule.

    Example:
        >>> snake_case("GlorotUniform"), snake_case("ReLU"), snake_case("L1L2")
        ('glorot_uniform', 're_lu', 'l1l2')
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def given_name(function: Any) -> str:
    """Return the name of a function, or of an object that can be called, by Keras's rule.

    Example:
        >>> given_name(lambda y_true, y_pred: 0)
        'lambda'
    """
    if isinstance(name := getattr(function, "name", None), str):  # a loss
        return name
    return snake_case(getattr(function, "__name__", type(function).__name__).strip("<>"))


def names_of(
    classes: Iterable[type[T]], short: Callable[[str], str] = snake_case
) -> dict[str, type[T]]:
    """Make a table of classes by their own name, and by that in small letters."""
    classes = list(classes)
    return {short(cls.__name__): cls for cls in classes} | {c.__name__: c for c in classes}


_custom: ContextVar[Mapping[str, Any]] = ContextVar("custom", default={})  # noqa: B039


@contextlib.contextmanager
def custom_objects(objects: Mapping[str, Any]) -> Iterator[None]:
    """Let names mean these classes and functions too, as long as the block runs.

    Raises:
        ValueError: something else than {name: class or function}.

    Source: keras.saving.custom_object_scope.
    """
    for name, value in objects.items() if isinstance(objects, Mapping) else [("", objects)]:
        if not isinstance(name, str) or not callable(value):
            raise ValueError(
                f"Expected custom_objects={{'MyLayer': MyLayer}}, names and the classes or "
                f"functions that they mean; got {settings.short(objects)}."
            )
    token = _custom.set({**_custom.get(), **objects})
    try:
        yield
    finally:
        _custom.reset(token)


def custom(name: str) -> Any:
    """Return the class or function of the user's that has this name here, or else the name."""
    return _custom.get().get(name, name)


def nearest(name: object, names: Iterable[str]) -> str | None:
    """Return the name that somebody may have meant.

    That is one that goes on like it, has the same letters in another order, or looks like it.

    Example:
        >>> nearest("acc", ["loss", "accuracy"]), nearest("adma", ["adamax", "adam"])
        ('accuracy', 'adam')
    """
    import difflib  # only here: import tinynet stays quick

    word, names = str(name).lower(), list(names)
    if len(word) > 100:  # no slip of the fingers, and difflib would take its time
        return None
    longer = [n for n in names if word and (n.startswith(word) or word.startswith(n))]
    mixed = [n for n in names if sorted(n) == sorted(word)]
    return next(iter(longer or mixed or difflib.get_close_matches(word, names, n=1)), None)


def refuse(cls: type[Configurable], unknown: Mapping[str, Any]) -> None:
    """Refuse arguments that a constructor does not have, with the names that it has.

    Raises:
        ValueError: "SGD has no argument 'lr'. It is called 'learning_rate' now. ..."
    """
    for name, value in unknown.items():
        if name in cls.off and (not value or name in KERAS_HOUSEKEEPING):
            continue
        known = cls.arguments()
        new = spellings.ARGUMENTS.get(name)
        if name in spellings.NO_ARGUMENTS and not new:
            if value is None or value is False:  # switched off, as it always is here
                continue
            hint = f" {spellings.NO_ARGUMENTS[name]}"
        elif new in known:
            hint = f" It is called {new!r} now."
        else:
            meant = nearest(name, known)
            hint = f" Did you mean {meant!r}?" if meant else ""
        raise ValueError(
            f"{cls.__name__} has no argument {name!r}.{hint} It has: {', '.join(known)}."
        )


def outside(kind: str, table: Mapping[str, Any], name: str) -> bool:
    """Say whether Keras has a loss, a layer, ... of this name, and tinynet has not."""
    from tinynet.support.keras_names import NAMES  # only here: import tinynet stays quick

    module = {"loss": "losses", "schedule": "optimizers.schedules"}.get(kind, f"{kind}s")
    names = NAMES.get(module, "").split()
    same = [other for other in names if name in (other, other.lower(), snake_case(other))]
    return any(other not in table for other in same)


fill_tables: list[Callable[[], object]] = []  # more/ puts here what enters its classes


def find(kind: str, table: Mapping[str, T], name: str, advice: str = "") -> T:
    """Look a name up in a table, or say which name is nearest, with some advice.

    Raises:
        ValueError: "Unknown loss 'mean_square_error'. Did you mean 'mean_squared_error'? ..."
    """
    if not isinstance(name, str):
        raise ValueError(f"Expected the {kind} as a name, got {settings.short(name)}.")
    if name not in table and name not in _custom.get():
        for fill in fill_tables:
            fill()
    table = {**table, **_custom.get()}
    if name in table:
        return table[name]
    near = nearest(name, table)
    hint = f" Did you mean {near!r}?" if near else ""
    if outside(kind, table, name):
        hint = " Keras has it; tinynet knows dense networks only."
    hint = spellings.STRINGS.get(name, hint)
    valid = ", ".join(repr(n) for n in table if n == n.lower())
    known = f" tinynet has: {valid}." if valid else ""
    raise ValueError(f"Unknown {kind} {settings.short(name)}.{hint}{advice}{known}")


class UnknownClass(ValueError):
    """A config names a class or a function that tinynet does not have; the message says which."""


def described(kind: str, table: Mapping[str, T], name: str) -> T:
    """Look up a name that a config holds: it may be one of the user's own.

    Raises:
        UnknownClass: with what to pass.
    """
    own = f" If it is your own, hand it over: custom_objects={{{name!r}: {name}}}."
    try:
        return find(kind, table, name, own if str(name).isidentifier() else "")
    except ValueError as error:
        raise UnknownClass(str(error)) from None


def get(kind: str, base: type[C], table: Mapping[str, type[C]], identifier: Any) -> C:
    """Return the object meant by an instance, a class, a name or a config."""
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, str):
        return find(kind, table, identifier)()
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if isinstance(identifier, Mapping) and "class_name" in identifier:
        return described(kind, table, identifier["class_name"]).from_config(identifier["config"])
    example = next(iter(table))
    raise ValueError(
        f"Expected the {kind} as a name such as {example!r} or as an object such as "
        f"{table[example].__name__}(...), got {identifier!r}."
    )
