"""Interpret an HTTP response: its status, its validators, and its body within limits."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from aiohttp import ClientResponse

from jobs.ingest.http import headers as read
from jobs.ingest.http.decompress import Decompressor, TooLarge
from jobs.ingest.http.host_limits import DEFAULT_PAUSE
from jobs.ingest.http.results import Fetched, NotModified, Seconds

#: Bytes of an image that show its format and size.
PEEK_BYTES = 65_536
_PAUSE_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_BODY_STATUSES = (HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION)


def describe_failure(response: ClientResponse) -> str:
    """Why the response has no usable body, as the end of a sentence about the host; "" if it has one."""
    status = response.status
    if _is_challenge(response):
        return "requires a browser (a challenge page)"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "limits our requests (429 Too Many Requests)"
    return "" if status in _BODY_STATUSES else f"answers {_status_text(status)}"


def requested_pause(response: ClientResponse, now: datetime) -> Seconds | None:
    """How long to pause the host, by a 429, or a 503 with Retry-After."""
    if response.status not in _PAUSE_STATUSES:
        return None
    wait = read.parse_retry_after(read_header(response, "Retry-After"), now)
    if wait is None and response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Seconds(DEFAULT_PAUSE)
    return wait


def read_metadata(
    response: ClientResponse, url: str, at: str, permanent: str, sent: Mapping[str, str], now: datetime
) -> NotModified:
    """Everything but the body. Validators that a 304 omits are those that we sent."""
    kept = sent if response.status == HTTPStatus.NOT_MODIFIED else {}
    return NotModified(
        url=url,
        final_url=at,
        permanent_url=permanent,
        etag=_read_validator(response, b"etag") or kept.get("If-None-Match", ""),
        last_modified=_read_validator(response, b"last-modified") or kept.get("If-Modified-Since", ""),
        fresh_for=read.parse_freshness(response.headers, now),
        links=read.parse_link_headers(
            [_decode_header(value) for value in response.headers.getall("Link", [])], at
        ),
    )


def add_body(response: ClientResponse, rest: NotModified, body: bytes) -> Fetched:
    """The response with its body."""
    kind, charset = read.parse_content_type(read_header(response, "Content-Type"))
    return Fetched(
        url=rest.url,
        final_url=rest.final_url,
        permanent_url=rest.permanent_url,
        body=body,
        content_type=kind,
        charset=charset,
        etag=rest.etag,
        last_modified=rest.last_modified,
        fresh_for=rest.fresh_for,
        links=rest.links,
    )


async def read_body(response: ClientResponse, most: int) -> bytes:
    """The decompressed body.

    Raises:
        TooLarge: it has more than `most` bytes, before or after decompression.
        DecompressionFailed: it cannot be decompressed.
    """
    if (response.content_length or 0) > most:
        raise TooLarge(most)
    unpacker = Decompressor(read_header(response, "Content-Encoding"), most)
    pieces: list[bytes] = []
    async for chunk in response.content.iter_any():
        for number, piece in enumerate(unpacker.decompress_chunk(chunk)):
            pieces.append(piece)
            if number:  # a large chunk: let other tasks run
                await asyncio.sleep(0)
        if unpacker.is_finished:
            break
    pieces += unpacker.finish()
    return b"".join(pieces)


async def read_start(response: ClientResponse, most: int) -> tuple[bytes, int]:
    """The first `PEEK_BYTES` bytes as sent, and the length of the body, counted if it is not declared.

    Raises:
        TooLarge: the body has more than `most` bytes.
    """
    told = response.content_length
    start, length = b"", 0
    async for chunk in response.content.iter_any():
        length += len(chunk)
        start += chunk[: PEEK_BYTES - len(start)]
        if max(length, told or 0) > most:
            raise TooLarge(most)
        if told is not None and len(start) == PEEK_BYTES:
            break
    return start, told if told is not None else length


def read_header(response: ClientResponse, name: str) -> str:
    """A header's value, "" if there is none."""
    return _decode_header(response.headers.get(name, ""))


def _decode_header(value: str) -> str:
    """A header's value decoded as UTF-8, or else as Latin-1."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _read_validator(response: ClientResponse, name: bytes) -> str:
    return next((read.decode_validator(raw) for key, raw in response.raw_headers if key.lower() == name), "")


def _is_challenge(response: ClientResponse) -> bool:
    """Whether it is a challenge that needs a browser, by the headers of Cloudflare and AWS."""
    said = response.headers
    return "challenge" in (said.get("cf-mitigated"), said.get("x-amzn-waf-action"))


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
