"""Bodies that are compressed (gzip, zstd), and digests of what was sent (RFC 9530)."""

import asyncio
import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import AsyncIterator
from typing import Any

from backports import zstd
from fastapi import Request

from app.errors import Refusal

CODINGS = ("gzip", "zstd")
_PIECE = 2**18  # bytes that are unpacked at a time, so that a small body cannot fill the memory
_MOST_STREAMS = 20_000  # as many as blocks of 64 KiB within the limit need, twice; an empty one takes time, too
_MOST_WINDOW = 23  # 8 MiB, what RFC 9659 asks of every decoder of zstd
_DIGEST = re.compile(r"\s*([a-z0-9-]+)\s*=\s*:([A-Za-z0-9+/=]*):\s*")
_ALGORITHMS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


async def plain_body(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body as it arrives, its digest checked at its end, and unpacked. At most so many bytes are unpacked.

    Refuses with content_coding_unknown (415), content_damaged and digest_differs (400), too_large (413).
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    received = _checked(request)
    if coding in ("identity", ""):
        async for chunk in received:
            yield chunk
        return
    if coding.removeprefix("x-") not in CODINGS:
        headers = {"Accept-Encoding": ", ".join(CODINGS)}
        raise Refusal("content_coding_unknown", allowed="、".join(CODINGS), headers=headers)
    unpacked, total = _Unpacked(coding), 0
    async for chunk in received:
        for piece in unpacked.pieces(chunk):
            total += len(piece)
            if total > most:
                raise Refusal("too_large", most=most)
            yield piece
            await asyncio.sleep(0)  # a small body may unpack to a large one, and others are served meanwhile
    if not unpacked.ended:
        raise Refusal("content_damaged")


class _Unpacked:
    """Unpacks what arrives. A body may be several streams one after the other."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decoder: Any = None
        self._streams = 0

    @property
    def ended(self) -> bool:
        """Whether the last stream came to its end."""
        return self._decoder is None or bool(self._decoder.eof)

    def pieces(self, chunk: bytes) -> Any:
        """What a chunk unpacks to, piece by piece."""
        try:
            while chunk:
                if self.ended:
                    self._decoder, self._streams = _new_decoder(self._coding), self._streams + 1
                    if self._streams > _MOST_STREAMS:
                        raise Refusal("content_damaged")
                yield from self._of_stream(chunk)
                chunk = self._decoder.unused_data if self.ended else b""
        except (zlib.error, zstd.ZstdError) as problem:
            raise Refusal("content_damaged") from problem

    def _of_stream(self, chunk: bytes) -> Any:
        decoder = self._decoder
        if self._coding == "zstd":
            yield decoder.decompress(chunk, _PIECE)
            while not (decoder.eof or decoder.needs_input):
                yield decoder.decompress(b"", _PIECE)
            return
        yield decoder.decompress(chunk, _PIECE)
        while decoder.unconsumed_tail and not decoder.eof:
            yield decoder.decompress(decoder.unconsumed_tail, _PIECE)


def _new_decoder(coding: str) -> Any:
    if coding == "zstd":
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _MOST_WINDOW})
    return zlib.decompressobj(31)


async def _checked(request: Request) -> AsyncIterator[bytes]:
    """The body as it was sent. At its end it is held against Content-Digest, of which other algorithms are ignored."""
    expected = _digests(request.headers.getlist("content-digest"))
    digests = {name: _ALGORITHMS[name]() for name in expected}
    async for chunk in request.stream():
        for digest in digests.values():
            digest.update(chunk)
        yield chunk
    if any(digests[name].digest() != value for name, value in expected.items()):
        raise Refusal("digest_differs")


def _digests(headers: list[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for member in filter(str.strip, ",".join(headers).split(",")):
        match = _DIGEST.fullmatch(member)
        try:
            value = base64.b64decode(match[2], validate=True) if match else b""
        except binascii.Error:
            match = None
        if match is None:
            raise Refusal("digest_malformed")
        if match[1] in _ALGORITHMS:
            found[match[1]] = value
    return found
