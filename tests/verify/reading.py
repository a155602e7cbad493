"""Reading a bundle: unpacking, strict JSON, the shape of each line, hashes and signatures.

Written from core/docs/verify-without-us.md alone; see verify.py.
"""

import hashlib
import json
import re
from functools import lru_cache

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_BUNDLE = 64 * 1024 * 1024
MAX_TEXT = 64 * 1024
MAX_DEPTH = 32
ZSTD = bytes.fromhex("28b52ffd")


class Wrong(Exception):
    """What is wrong, and in which line of the bundle (from 1; 0 = before there are lines)."""

    def __init__(self, what, line=0):
        super().__init__(what)
        self.what, self.line = what, line


# ---- bytes: unpacking, strict JSON, hashes, signatures ----


def unpack(data):
    """The bundle's text. Every frame of zstd must be whole, and nothing may follow the last."""
    out = bytearray()
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        rest = memoryview(data)
        while rest and not frame.eof:
            try:
                out += frame.decompress(bytes(rest[:1024]))
            except zstandard.ZstdError as error:
                raise Wrong("the packing is damaged") from error
            if len(out) > MAX_BUNDLE:
                raise Wrong("it is too large")
            rest = rest[1024:]
        if not frame.eof:
            raise Wrong("the packing is cut")
        data = frame.unused_data + bytes(rest)
    return bytes(out)


def integer(digits):
    """Whole numbers below 2^53 and no minus zero: what every language reads alike."""
    if digits == "-0" or abs(int(digits)) >= 2**53:
        raise Wrong("a number is no whole number below 2^53")
    return int(digits)


def no_fraction(_):
    raise Wrong("a number is no whole number")


def once(pairs):
    names = dict(pairs)
    if len(names) != len(pairs):
        raise Wrong("a name stands twice in an object")
    return names


def depth(value):
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if below is None else 1 + max((depth(item) for item in below), default=0)


READER = json.JSONDecoder(
    object_pairs_hook=once, parse_int=integer, parse_float=no_fraction, parse_constant=no_fraction
)


def strict(text):
    """Reads JSON that can be read in one way only."""
    stripped = text.strip(" \t\n\r")
    try:
        value, end = READER.raw_decode(stripped)
        if end != len(stripped):
            raise Wrong("something follows the JSON")
        if text.count("[") + text.count("{") > MAX_DEPTH and depth(value) > MAX_DEPTH:
            raise Wrong("the JSON is nested too deep")
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Wrong("it is not JSON") from error
    return value


def sha256(data):
    return hashlib.sha256(data).digest()


def is_hex(value, length):
    return isinstance(value, str) and len(value) == length and re.fullmatch("[0-9a-f]*", value) is not None


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


P = 2**255 - 19
ORDER_EIGHT = int.from_bytes(
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
)
WEAK = {0, 1, P - 1, ORDER_EIGHT, P - ORDER_EIGHT}


def is_key(value):
    """32 bytes in hex, and none of the points with which one signature would fit many texts."""
    if not is_hex(value, 64):
        return False
    y = int.from_bytes(bytes.fromhex(value), "little") & (2**255 - 1)
    return y % P not in WEAK


@lru_cache(maxsize=200_000)
def fits(key, tag, text, signature):
    """Ed25519 over: tag, a zero byte, SHA-256 of the text."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), tag + b"\0" + sha256(text.encode()))
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- the lines: each of one shape, written in one way ----


def keys_are(value, *names):
    return isinstance(value, dict) and list(value) == list(names)


def is_document(value):
    whole = keys_are(value, "text", "signature") and isinstance(value["text"], str)
    return whole and is_hex(value["signature"], 128)


def is_header_line(value):
    before, after = ("format", "v", "encounter", "certificates"), ("events", "receipts", "manifest")
    # The number of revocations stands there only where there are some.
    named = keys_are(value, *before, *after) or (
        keys_are(value, *before, "revocations", *after) and is_count(value["revocations"]) and value["revocations"] > 0
    )
    return (
        named
        and (value["format"], value["v"]) == ("fh1-bundle", 1)
        and is_number(value["v"])
        and is_hex(value["encounter"], 32)
        and all(is_count(value[name]) for name in ("certificates", "events", "receipts"))
        and isinstance(value["manifest"], bool)
    )


def is_trust_line(value):
    return (
        keys_are(value, "trust")
        and keys_are(value["trust"], "root", "server")
        and is_key(value["trust"]["root"])
        and isinstance(value["trust"]["server"], list)
        and all(is_document(document) for document in value["trust"]["server"])
    )


def is_event_line(value):
    if not (keys_are(value, "event") or keys_are(value, "event", "pos")):
        return False
    event = value["event"]
    return (
        (keys_are(event, "header", "signature") or keys_are(event, "header", "body", "signature"))
        and isinstance(event["header"], str)
        and isinstance(event.get("body", ""), str)
        and is_hex(event["signature"], 128)
        and is_count(value.get("pos", 0))
    )


SHAPES = {
    "header": is_header_line,
    "definition": lambda value: keys_are(value, "definition") and isinstance(value["definition"], str),
    "trust": is_trust_line,
    "certificate": lambda value: keys_are(value, "certificate") and is_document(value["certificate"]),
    "revocation": lambda value: keys_are(value, "revocation") and is_document(value["revocation"]),
    "event": is_event_line,
    "receipt": lambda value: keys_are(value, "receipt") and is_document(value["receipt"]),
    "manifest": lambda value: keys_are(value, "manifest") and is_document(value["manifest"]),
}


@lru_cache(maxsize=50_000)
def line_value(shape, line):
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong("it is not UTF-8") from error
    value = strict(text)
    if not SHAPES[shape](value):
        raise Wrong(f"it should be the {shape}")
    if json.dumps(value, ensure_ascii=False, separators=(",", ":")) != text:
        raise Wrong("it is not as it was written")
    return value


class Lines:
    """The lines of a bundle, each ending with a line feed."""

    def __init__(self, text):
        if not text.endswith(b"\n"):
            raise Wrong("the last line is cut", text.count(b"\n") + 1)
        self.lines, self.number = text[:-1].split(b"\n"), 0

    def next(self, shape):
        self.number += 1
        if self.number > len(self.lines):
            raise Wrong(f"the {shape} is missing", self.number)
        try:
            return line_value(shape, self.lines[self.number - 1])
        except Wrong as wrong:
            raise Wrong(wrong.what, self.number) from wrong

    def several(self, count, shape):
        """Each with the number of its line."""
        return [(self.next(shape), self.number) for _ in range(min(count, len(self.lines) + 1))]

    def documents(self, count, shape):
        return [(value[shape], line) for value, line in self.several(count, shape)]

    def end(self):
        if self.number != len(self.lines):
            raise Wrong("something follows the bundle", self.number + 1)


# ---- signed texts ----


def opened(document, tag, keys, line):
    """What a document says, if one of these keys signed it."""
    if not any(fits(key, tag, document["text"], document["signature"]) for key in keys):
        raise Wrong("the signature does not fit", line)
    try:
        return strict(document["text"])
    except Wrong as wrong:
        raise Wrong(wrong.what, line) from wrong


def in_order(documents):
    """By their texts, none twice."""
    texts = [document["text"] for document, _ in documents]
    for index in range(1, len(texts)):
        if texts[index - 1] >= texts[index]:
            raise Wrong("this stands twice, or not in its order", documents[index][1])
