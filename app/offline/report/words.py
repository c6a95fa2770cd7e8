"""What each reason code means, for analysts: `detectors.meanings`, under the name the report knows it by."""

from detectors.meanings import OWN, known, meaning

__all__ = ["OWN", "known", "meaning"]
