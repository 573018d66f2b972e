"""Zstandard: streams are untrusted, and there are limits on what the decoder allocates."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

MAX_WINDOW_LOG: Final = 23
"""Windows of 8 MiB, which RFC 8878 asks every decoder to support; encoders need more only if told to."""
MAX_FRAMES: Final = 1_000
"""An empty frame costs far more time than its nine bytes."""
_AT_ONCE: Final = 2**18


def decompress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of a stream piece by piece, so that a caller can stop at any size.

    Raises:
        ValueError: it is damaged, incomplete, or needs more memory than it may.

    """
    zstd = _load_library()
    options = {int(zstd.DecompressionParameter.window_log_max): MAX_WINDOW_LOG}
    frames = 0
    decoder = None
    try:
        for chunk in chunks:
            data = chunk
            while data or (decoder is not None and not decoder.needs_input):
                if decoder is None:
                    frames += 1
                    if frames > MAX_FRAMES:
                        raise ValueError(f"it has more than {MAX_FRAMES:,} frames")
                    decoder = zstd.ZstdDecompressor(options=options)
                piece = decoder.decompress(data, _AT_ONCE)
                if piece:
                    yield piece
                data = b""
                if decoder.eof:
                    data = decoder.unused_data
                    decoder = None
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error
    if decoder is not None:
        raise ValueError("it is incomplete")


def compress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks compressed to one stream."""
    encoder = _load_library().ZstdCompressor()
    yield from map(encoder.compress, chunks)
    yield encoder.flush()


def _load_library() -> Any:
    # Most packages are older, and most commands read none.
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd
