"""What Keras's backend module still has: from tinynet import backend as K.

Example:
    >>> from tinynet import backend as K
    >>> K.floatx(), K.epsilon(), K.backend()
    ('float32', 1e-07, 'numpy')

Source: keras.backend. Of its older functions of arrays, K.mean or K.square, NumPy has all.
"""

from tinynet.config import backend, clear_session, epsilon, floatx, set_floatx

__all__ = ["backend", "clear_session", "epsilon", "floatx", "set_floatx"]
