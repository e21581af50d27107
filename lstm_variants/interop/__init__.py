"""Weights from other frameworks and files, and back: ONNX, Keras, TensorFlow, Flax, safetensors."""

try:
    from lstm_variants.interop.flax import from_flax, to_flax
    from lstm_variants.interop.keras import from_keras, to_keras
    from lstm_variants.interop.onnx import from_onnx
    from lstm_variants.interop.safetensors import from_safetensors, to_safetensors
    from lstm_variants.interop.tensorflow import from_tensorflow, to_tensorflow
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"lstm_variants.interop needs {error.name}: install the package with the extra interop, "
        'pip install ".[interop]"',
        name=error.name,
    ) from error

__all__ = [
    "from_flax",
    "from_keras",
    "from_onnx",
    "from_safetensors",
    "from_tensorflow",
    "to_flax",
    "to_keras",
    "to_safetensors",
    "to_tensorflow",
]
