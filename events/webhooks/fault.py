"""A mistake of ours, as it may be logged."""

import traceback


def place_of(error: BaseException) -> str:
    """File and line. The error's own text is left out, since it may quote a customer's data."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
