"""What Keras once called things, and what to type now: one table for each place they stand in."""

from __future__ import annotations

ARGUMENTS = {"lr": "learning_rate", "decay": "weight_decay"}

METHODS = {  # of a model
    "predict_classes": "model.predict(x).argmax(axis=1)",
    "predict_proba": "model.predict(x)",
    "fit_generator": "model.fit(x, y)",
}
