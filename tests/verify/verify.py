#!/usr/bin/env python3
"""Verifies a bundle of First Hours without any code of First Hours.

Written from core/docs/verify-without-us.md alone, so that a fault of ours cannot hide a fault of ours. It checks
everything that the page says, and names the first thing that is wrong.

    verify.py --root FINGERPRINT FILE     one bundle; exit code 0 if nothing is wrong, 1 if something is
    verify.py --root FINGERPRINT --many   many: on standard input, each its length in a line of its own, then its bytes;
                                          on standard output one line of JSON for each
"""

import argparse
import json
import sys
from collections import defaultdict
from datetime import datetime, timezone
from functools import lru_cache

from reading import (
    MAX_BUNDLE,
    MAX_TEXT,
    ZSTD,
    Lines,
    Wrong,
    fits,
    in_order,
    is_count,
    is_hex,
    is_key,
    is_number,
    opened,
    sha256,
    strict,
    unpack,
)

# ---- certificates ----


def server_keys(trust, fingerprint, line):
    """The server's keys by purpose, each vouched for by the root."""
    if sha256(bytes.fromhex(trust["root"])).hex() != fingerprint:
        raise Wrong("the root key does not have the trusted fingerprint", line)
    keys = defaultdict(list)
    for document in trust["server"]:
        certificate = opened(document, b"fh1-cert", [trust["root"]], line)
        whole = isinstance(certificate.get("server"), str) and isinstance(certificate.get("purpose"), str)
        if not (whole and is_number(certificate.get("v")) and is_key(certificate.get("key"))):
            raise Wrong("a certificate of the server lacks what it must have", line)
        if certificate.get("algorithm") != "ed25519":
            raise Wrong("the algorithm is not known", line)
        keys[certificate["purpose"]].append(certificate["key"])
    in_order([(document, line) for document in trust["server"]])
    return keys


ACTOR = ("person", "role", "agency")


def is_actor(value):
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ACTOR)


def installs(documents, keys):
    """Every install's certificate, by install."""
    found = {}
    for document, line in documents:
        certificate = opened(document, b"fh1-cert", keys["cert"], line)
        texts = ("device", "name", "approved_by")
        if not (
            is_hex(certificate.get("install"), 32)
            and is_actor(certificate.get("actor"))
            and all(isinstance(certificate.get(name), str) for name in texts)
            and is_key(certificate.get("key"))
            and is_number(certificate.get("v"))
            and is_number(certificate.get("from"))
        ):
            raise Wrong("the certificate lacks what it must have", line)
        if certificate.get("algorithm") != "ed25519":
            raise Wrong("the algorithm is not known", line)
        if certificate["install"] in found:
            raise Wrong("this install has a certificate already", line)
        found[certificate["install"]] = certificate
    in_order(documents)
    return found


def revocations(documents, keys, certificates):
    """How far each install that was revoked is trusted, by install."""
    found = {}
    for document, line in documents:
        revocation = opened(document, b"fh1-revocation", keys["cert"], line)
        if not (
            is_hex(revocation.get("install"), 32)
            and is_count(revocation.get("last_seq"))
            and (revocation.get("last_id") is None or is_hex(revocation["last_id"], 64))
            and isinstance(revocation.get("server"), str)
            and isinstance(revocation.get("why"), str)
            and is_number(revocation.get("v"))
            and is_number(revocation.get("at"))
        ):
            raise Wrong("the revocation lacks what it must have", line)
        install = revocation["install"]
        if install not in certificates:
            raise Wrong("nothing in this record needs this revocation", line)
        if install not in found or revocation["last_seq"] < found[install]["last_seq"]:
            found[install] = revocation
    in_order(documents)
    return found


def check_authors(record, revoked, line_of):
    """What counts was not written beyond a revocation, nor by the server in the name of one who has no desk."""
    for event in record.events:
        if event.by_server:
            if event.body is not None and not may_at_a_desk(event):
                raise Wrong("the server wrote it in a role that has no desk", line_of[event.id])
            continue
        last = revoked.get(event.install)
        if last is None or record.is_held(event.id) or event.seq is None:
            continue
        if event.seq > last["last_seq"] or (event.seq == last["last_seq"] and event.id != last.get("last_id")):
            raise Wrong("its author was revoked before it came, and nothing says that it is held", line_of[event.id])


# ---- events ----


class Event:
    """One event: what its header says, what its body says where there is one, and where it stands."""

    def __init__(self, header_text, body_text):
        if max(len(header_text.encode()), len((body_text or "").encode())) > MAX_TEXT:
            raise Wrong("the event is too large")
        self.id = sha256(header_text.encode()).hex()
        header = strict(header_text)
        if not is_header(header):
            raise Wrong("the header lacks what every header has")
        self.install, self.encounter = header["install"], header.get("encounter")
        self.seq, self.prev = header.get("seq"), header.get("prev")
        self.enc_seq, self.enc_prev = header.get("enc_seq"), header.get("enc_prev")
        self.stamp, self.by_server = header["stamp"], header["install"].startswith("server/")
        self.body = None
        if body_text is not None:
            if sha256(body_text.encode()).hex() != header["body_hash"]:
                raise Wrong("the body is not the one that the header names")
            self.body = strict(body_text)
            if not is_body(self.body):
                raise Wrong("the body lacks what every body has")

    def kind(self):
        """The kind, where it is one that decides something here and its author may make it; else nothing."""
        if self.body is None or self.body["kind"] not in KINDS:
            return None
        authors, has_shape = KINDS[self.body["kind"]]
        role = (self.by_server, self.body["actor"]["role"])
        return self.body["kind"] if role in authors and has_shape(self.body) else None

    def names(self, other):
        """Whether it says that it has seen the other one."""
        return self.body is not None and other in self.body.get("base", [])


@lru_cache(maxsize=50_000)
def read_event(header_text, body_text):
    return Event(header_text, body_text)


def is_header(value):
    def optional(name, check):
        return value.get(name) is None or check(value[name])

    return (
        isinstance(value, dict)
        and is_count(value.get("v"))
        and value["v"] <= 1
        and is_install(value.get("install"))
        and is_count(value.get("stamp"))
        and is_hex(value.get("body_hash"), 64)
        and optional("seq", is_count)
        and optional("enc_seq", is_count)
        and optional("prev", lambda id: is_hex(id, 64))
        and optional("enc_prev", lambda id: is_hex(id, 64))
        and optional("encounter", lambda id: is_hex(id, 32))
    )


def is_install(value):
    return isinstance(value, str) and is_hex(value.removeprefix("server/"), 32)


def is_body(value):
    return (
        isinstance(value, dict)
        and isinstance(value.get("kind"), str)
        and is_actor(value.get("actor"))
        and isinstance(value.get("at"), dict)
        and all(is_number(value["at"].get(name)) for name in ("wall", "offset", "mono", "boot"))
        and isinstance(value.get("base", []), list)
        and all(is_hex(id, 64) for id in value.get("base", []))
        and isinstance(value.get("reason", ""), (str, type(None)))
    )


def is_opening(body):
    return (
        is_hex(body.get("protocol"), 64)
        and is_hex(body.get("incident"), 32)
        and all(isinstance(body.get(name), str) for name in ("agency", "station", "letter"))
    )


def is_gap(body):
    return (
        is_install(body.get("author"))
        and is_count(body.get("enc_from"))
        and is_count(body.get("enc_to"))
        and is_hex(body.get("id_of_to"), 64)
    )


# The kinds that decide something here: who may make them (by the server?, in which role), and what they must hold.
# Every other kind, known or of a newer version, is kept and decides nothing.
MACHINE = {(True, "server")}
KINDS = {
    "opened": ({(False, "deputy"), (False, "detective")}, is_opening),
    "held": (MACHINE, lambda body: is_hex(body.get("id"), 64) and isinstance(body.get("why"), str)),
    "released": (MACHINE, lambda body: is_hex(body.get("id"), 64)),
    "gap": (MACHINE, is_gap),
    "shredded": ({(True, "records_officer")}, lambda body: isinstance(body.get("order"), str)),
}


FIELD = {"detective", "county", "supervisor"}
# What a phone alone may say, who says the rest at a desk, and in which role.
DESK = {
    **{kind: set() for kind in ("opened", "voided", "unvoided", "shared", "accepted", "declined", "moved")},
    "incident_linked": set(),
    **{kind: FIELD for kind in ("answered", "cannot", "reopened", "entry_withdrawn", "noted", "submitted", "replied")},
    **{kind: {"supervisor"} for kind in ("commented", "resolved", "returned", "reassigned", "same_encounter", "approved")},
    **{kind: {"server"} for kind in ("held", "released", "gap")},
    "shredded": {"records_officer"},
}


def may_at_a_desk(event):
    """Whether the role that the server names may say this at a desk; a kind of a newer version any but a deputy's may."""
    kind, role = event.body["kind"], event.body["actor"]["role"]
    has_shape = KINDS[kind][1] if kind in KINDS else (lambda body: True)
    if kind in DESK and has_shape(event.body):
        return role in DESK[kind]
    return role != "deputy"


def events_of(lines, encounter, keys, certificates, has_manifest):
    """Every event, opened: its signature, its body, its author, its record, its order and its position."""
    events, seen, placed = [], set(), True
    for expected, (value, line) in enumerate(lines, start=1):
        signed, pos = value["event"], value.get("pos")
        try:
            event = read_event(signed["header"], signed.get("body"))
        except Wrong as wrong:
            raise Wrong(wrong.what, line) from wrong
        if event.by_server:
            signers = keys["event"]
        elif event.install in certificates:
            certificate = certificates[event.install]
            signers = [certificate["key"]]
            named = certificate["actor"]
            if event.body is not None and any(event.body["actor"][part] != named[part] for part in ACTOR):
                raise Wrong("the author is not whom the certificate names", line)
        else:
            raise Wrong("no certificate for this author", line)
        if not any(fits(key, b"fh1-event", signed["header"], signed["signature"]) for key in signers):
            raise Wrong("the signature does not fit", line)
        if event.encounter != encounter:
            raise Wrong("it belongs to another record", line)
        late = events and not placed and (events[-1].stamp, events[-1].id) >= (event.stamp, event.id)
        if event.id in seen or (pos is not None and not placed) or (pos is None and late):
            raise Wrong("this stands twice, or not in its order", line)
        if pos is not None and (not has_manifest or pos != expected):
            raise Wrong("a position stands here that no manifest signs", line)
        placed = pos is not None
        seen.add(event.id)
        events.append(event)
    return events


class Record:
    """What the events say together."""

    def __init__(self, events):
        self.events = events
        self.holds = defaultdict(list)
        for event in events:
            if event.kind() in ("held", "released"):
                self.holds[event.body["id"]].append(event)
        counting = [event for event in events if event.kind() and not self.is_held(event.id)]
        self.counting = sorted(counting, key=lambda event: (event.stamp, event.id))

    def is_held(self, id):
        """Whether a hold of it stands that no other word on it has seen."""
        words = self.holds.get(id, [])
        heads = [one for one in words if not any(other is not one and other.names(one.id) for other in words)]
        return any(head.kind() == "held" for head in heads)

    def of_kind(self, kind):
        return [event for event in self.counting if event.kind() == kind]

    def last(self):
        """Each author's last events: those that no other event of the same author follows."""
        return last_of(self.events)


def last_of(events):
    followed = {(event.install, event.enc_prev) for event in events if event.enc_prev is not None}
    last = defaultdict(list)
    for event in sorted(events, key=lambda event: event.id):
        if (event.install, event.id) not in followed:
            last[event.install].append(event.id)
    return dict(last)


def check_chains(record, line_of):
    """Every author's events follow one another from 1; a number may be missing only where a gap was declared."""
    gaps = defaultdict(dict)
    for event in record.of_kind("gap"):
        gaps[event.body["author"]][event.body["enc_to"]] = (event.body["enc_from"], event.body["id_of_to"])
    authors = defaultdict(list)
    for event in record.events:
        if event.enc_seq is None:
            raise Wrong("an event without its place in its author's chain", line_of[event.id])
        authors[event.install].append(event)
    for author, chain in authors.items():
        at, before = 0, None
        own_at, own_before = 0, None
        for event in sorted(chain, key=lambda event: (event.enc_seq, event.id)):
            line = line_of[event.id]
            if at > 0 and event.enc_seq == at:
                raise Wrong(f"number {at} of {author} exists in two forms", line)
            # The nearest gap that the missing number lies in; an original that came after all may have taken its beginning.
            while event.enc_seq > at + 1:
                end = min((end for end in gaps[author] if end > at), default=0)
                if end == 0 or gaps[author][end][0] > at + 1:
                    break
                at, before = end, gaps[author][end][1]
            if event.enc_seq != at + 1:
                raise Wrong(f"number {at + 1} of {author} is missing", line)
            if event.enc_prev != before:
                raise Wrong(f"number {event.enc_seq} of {author} does not follow the event before it", line)
            at, before = event.enc_seq, event.id
            # Over all its records a phone numbers its events too; the server does not.
            if event.by_server:
                sound = event.seq is None and event.prev is None
            else:
                sound = event.seq is not None and event.seq > own_at
                sound = sound and (event.seq == 1) == (event.prev is None)
                sound = sound and (event.seq != own_at + 1 or event.prev == own_before)
                own_at, own_before = event.seq, event.id
            if not sound:
                raise Wrong(f"number {event.enc_seq} of {author} does not follow the event before it", line)


def rolling(encounter, events):
    so_far = sha256(bytes.fromhex(encounter))
    for event in events:
        so_far = sha256(so_far + bytes.fromhex(event.id))
    return so_far.hex()


# ---- manifest and receipts ----


def check_manifest(document, line, keys, encounter, definition, record, placed, certificates, revoked, line_of):
    signed = opened(document, b"fh1-manifest", keys["receipt"], line)
    covered = record.events[:placed]
    named = signed.get("revoked", [])
    if not (isinstance(named, list) and all(is_hex(install, 32) for install in named) and is_number(signed.get("time"))):
        raise Wrong("the manifest lacks what it must have", line)
    if any(install not in revoked for install in named):
        raise Wrong("an author was revoked, and the statement of it is not here", line)
    for event in covered:
        if not event.by_server and certificates[event.install]["from"] > signed["time"]:
            raise Wrong("it was vouched for before its author's certificate began", line_of[event.id])
    part = Record(covered)
    here = {
        "encounter": encounter,
        "definition": sha256(definition.encode()).hex(),
        "pos": placed,
        "rolling": rolling(encounter, covered),
        "last": part.last(),
        "held": sorted(event.id for event in covered if part.is_held(event.id)),
        "shredded": sorted(event.id for event in covered if event.body is None),
    }
    for name, value in here.items():
        if signed.get(name) != value:
            raise Wrong(f"the events are not those of the manifest: {name} differs", line)
    whole = isinstance(signed.get("server"), str) and is_hex(signed.get("epoch"), 32)
    if not (whole and is_number(signed.get("time"))):
        raise Wrong("the manifest lacks what it must have", line)
    return signed


def check_receipts(lines, keys, encounter, manifest, record):
    agree = not_compared = 0
    for document, line in lines:
        receipt = opened(document, b"fh1-receipt", keys["receipt"], line)
        encounters = receipt.get("encounters")
        if not (
            isinstance(encounters, list)
            and all(isinstance(one, dict) and is_count(one.get("pos")) for one in encounters)
            and is_count(receipt.get("received_through"))
            and is_hex(receipt.get("install"), 32)
            and is_hex(receipt.get("epoch"), 32)
        ):
            raise Wrong("the receipt lacks what it must have", line)
        here = next((one for one in encounters if one.get("id") == encounter), None)
        if here is None:
            raise Wrong("nothing in this record needs it", line)
        for event in record.events:
            is_last = event.install == receipt["install"] and event.seq == receipt["received_through"]
            if is_last and event.id != receipt.get("received_id"):
                raise Wrong("the receipt tells of another history", line)
        if manifest is None or manifest["epoch"] != receipt["epoch"] or here["pos"] > manifest["pos"]:
            not_compared += 1
        elif rolling(encounter, record.events[: here["pos"]]) != here.get("rolling"):
            raise Wrong("the receipt tells of another history", line)
        else:
            agree += 1
    in_order(lines)
    return agree, not_compared


# ---- the whole ----


def verify(data, fingerprint):
    """What is proved of a bundle, or `Wrong`."""
    if data.startswith(ZSTD):
        data = unpack(data)
    elif len(data) > MAX_BUNDLE:
        raise Wrong("it is too large")
    lines = Lines(data)
    header = lines.next("header")
    encounter = header["encounter"]
    definition = lines.next("definition")["definition"]
    trust = lines.next("trust")["trust"]
    certificate_lines = lines.documents(header["certificates"], "certificate")
    revocation_lines = lines.documents(header.get("revocations", 0), "revocation")
    event_lines = lines.several(header["events"], "event")
    receipt_lines = lines.documents(header["receipts"], "receipt")
    manifest_document = lines.next("manifest")["manifest"] if header["manifest"] else None
    lines.end()

    keys = server_keys(trust, fingerprint, 3)
    certificates = installs(certificate_lines, keys)
    revoked = revocations(revocation_lines, keys, certificates)
    events = events_of(event_lines, encounter, keys, certificates, header["manifest"])
    line_of = {event.id: line for event, (_, line) in zip(events, event_lines)}
    record = Record(events)
    for (_, line), install in zip(certificate_lines, certificates):
        if not any(event.install == install for event in events):
            raise Wrong("nothing in this record needs this certificate", line)
    shredded = record.of_kind("shredded")
    for event in events:
        if event.body is None and not shredded:
            raise Wrong("the body is missing and no event says that it was shredded", line_of[event.id])
    openings = record.of_kind("opened")
    if not openings and not shredded:
        raise Wrong("the record does not begin with its opening", 4 + len(certificates) + len(revocation_lines))
    if openings and openings[0].body["protocol"] != sha256(definition.encode()).hex():
        raise Wrong("the record was made under another definition", line_of[openings[0].id])
    check_authors(record, revoked, line_of)
    check_chains(record, line_of)
    manifest, later = None, 0
    if manifest_document:
        placed = sum(1 for value, _ in event_lines if "pos" in value)
        later = len(events) - placed
        manifest = check_manifest(
            manifest_document,
            lines.number,
            keys,
            encounter,
            definition,
            record,
            placed,
            certificates,
            revoked,
            line_of,
        )
    agree, not_compared = check_receipts(receipt_lines, keys, encounter, manifest, record)
    complete = manifest and {name: manifest[name] for name in ("epoch", "pos", "time")} | {"later": later}
    return {
        "events": len(events),
        "authors": len({event.install for event in events}),
        "held": sum(record.is_held(event.id) for event in events),
        "without_body": sum(event.body is None for event in events),
        "complete": complete,
        "last": None if manifest else record.last(),
        "receipts_agree": agree,
        "receipts_not_compared": not_compared,
        "people": [
            f"{one['name']} ({one['actor']['role']}), {one['device']}" for one in certificates.values()
        ],
    }


def sentences(found):
    yield f"Verified: {found['events']} events of {found['authors']} authors; nothing was altered."
    yield from (f"  by {person}" for person in found["people"])
    complete = found["complete"]
    if complete:
        when = datetime.fromtimestamp(complete["time"] / 1000, timezone.utc).isoformat()
        yield f"Complete up to position {complete['pos']} of epoch {complete['epoch']}, as the server signed at {when}."
        yield f"Later events, of which nothing is known to be missing or not: {complete['later']}."
    else:
        yield "No manifest: complete only up to each author's last event shown here:"
        for author, last in sorted(found["last"].items()):
            yield f"  {author}: {', '.join(last)}"
    yield f"Held, so without effect: {found['held']}. Bodies destroyed by order: {found['without_body']}."
    yield f"Receipts that agree: {found['receipts_agree']}; not compared: {found['receipts_not_compared']}."


def many(fingerprint):
    source, out = sys.stdin.buffer, sys.stdout
    while length := source.readline():
        data = source.read(int(length))
        try:
            answer = {"ok": True} | verify(data, fingerprint)
        except Wrong as wrong:
            answer = {"ok": False, "line": wrong.line, "wrong": wrong.what}
        print(json.dumps(answer), file=out, flush=True)


def main():
    arguments = argparse.ArgumentParser(description="Verifies a bundle without any code of First Hours.")
    fingerprint = "the root's fingerprint: 64 hex digits, from a source you trust"
    arguments.add_argument("--root", required=True, help=fingerprint)
    arguments.add_argument("--many", action="store_true", help="many bundles on standard input")
    arguments.add_argument("file", nargs="?")
    asked = arguments.parse_args()
    if asked.many == bool(asked.file):
        arguments.error("either FILE or --many")
    if asked.many:
        many(asked.root)
        return 0
    with open(asked.file, "rb") as file:
        data = file.read()
    try:
        for sentence in sentences(verify(data, asked.root)):
            print(sentence)
    except Wrong as wrong:
        print(f"Damaged: line {wrong.line}: {wrong.what}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
