"""The folders of the user that commands use."""

from __future__ import annotations

from pathlib import Path


def default_store_path() -> Path:
    """Return the default path of the review store, in the user's data folder."""
    import platformdirs  # noqa: PLC0415  (not needed when a path is given)

    return platformdirs.user_data_path("cardwright", appauthor=False) / "reviews.db"
