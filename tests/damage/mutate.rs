//! The ways in which a bundle is changed. Each names itself, and what is to come of it.

#![allow(clippy::unnecessary_wraps, reason = "a way of changing may find nothing to change")]

use firsthours_core::bundle::{Bundle, BundledEvent, inflate, write};
use firsthours_core::evidence::{
    Document, InstallCertificate, Revocation, SecretKey, Signature, SignedEvent, Tag, Trust,
};
use firsthours_core::record::{Actor, Body, Event, Kind, Place, Role};
use firsthours_core::wire::{Compressed, compress};

use crate::bases::Base;
use crate::dice::Dice;

/// What both verifiers must make of a changed bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    Damaged,
    /// It may pass, because what it claims is true: the place, one of [`PLACES`].
    Passes(&'static str),
}

/// Every place where a bundle can be changed and still holds, and why that deceives nobody.
pub(crate) const PLACES: [&str; 6] =
    [PACKING, RECEIPT_LEFT_OUT, RECEIPT_ADDED, RECEIPT_OTHER_EPOCH, EARLIER_MANIFEST, NO_MANIFEST];
/// The compression: the text that comes out is the same, byte for byte.
const PACKING: &str = "the packing: the same text comes out of it";
/// Receipts stand for themselves: the first line's counts are not signed.
const RECEIPT_LEFT_OUT: &str = "a receipt left out: receipts add to a record, and none is promised";
const RECEIPT_ADDED: &str = "a genuine receipt of this record added";
const RECEIPT_OTHER_EPOCH: &str = "a genuine receipt of another epoch added: counted as not compared";
const EARLIER_MANIFEST: &str =
    "a genuine earlier manifest: complete up to its position, the rest is called later";
const NO_MANIFEST: &str = "no manifest: complete only up to each author’s last shown event, and so it says";

/// A changed bundle.
pub(crate) struct Mutant {
    pub(crate) bytes: Vec<u8>,
    pub(crate) expect: Expect,
}

type Change = fn(&Base, &mut Dice) -> Option<Mutant>;

/// Every way, how often it is tried, and its name.
pub(crate) const CHANGES: [(&str, usize, Change); 37] = [
    ("bit flipped in the text", 12, flip_text),
    ("bit flipped in the packed file", 8, flip_packed),
    ("byte put in", 3, byte_put_in),
    ("byte left out", 3, byte_left_out),
    ("packed in two pieces", 1, packed_in_two),
    ("two lines exchanged", 4, lines_exchanged),
    ("line missing", 3, line_missing),
    ("line doubled", 3, line_doubled),
    ("text cut", 3, text_cut),
    ("packed file cut", 3, packed_cut),
    ("event missing, counts and positions corrected", 3, event_missing),
    ("event doubled, counts and positions corrected", 2, event_doubled),
    ("events exchanged, positions corrected", 3, events_exchanged),
    ("last events missing, counts corrected", 2, tail_missing),
    ("event of another record put in", 3, event_of_another_record),
    ("certificate by another root", 2, certificate_by_another_root),
    ("certificate of another install", 2, certificate_of_another_install),
    ("revocation left out", 2, revocation_left_out),
    ("revocation by a key for something else", 2, revocation_by_another_key),
    ("the server's key in the name of a deputy", 2, server_as_a_deputy),
    ("all trust of another root", 1, other_trust),
    ("receipt changed", 2, receipt_changed),
    ("receipt or manifest of another record", 2, document_of_another_record),
    ("manifest with other counts", 3, manifest_changed),
    ("receipt or manifest by a key for something else", 2, signed_by_the_wrong_key),
    ("header written otherwise, same JSON", 4, header_rewritten),
    ("body written otherwise, same JSON", 2, body_rewritten),
    ("line written otherwise, same JSON", 3, line_rewritten),
    ("signature of another event", 2, signature_of_another),
    ("signature in its second form", 2, signature_second_form),
    ("body of another event, or none", 3, body_of_another),
    ("definition changed", 2, definition_changed),
    ("position changed or missing", 3, position_changed),
    ("another record's id in the first line", 1, other_id),
    ("receipts left out or added", 2, receipts_left_out_or_added),
    ("earlier manifest", 1, earlier_manifest),
    ("no manifest", 1, without_manifest),
];

fn damaged(bytes: Vec<u8>) -> Option<Mutant> {
    Some(Mutant { bytes, expect: Expect::Damaged })
}

fn rewritten(base: &Base, change: impl FnOnce(&mut Bundle) -> Option<()>) -> Option<Vec<u8>> {
    let mut bundle = base.bundle.clone();
    change(&mut bundle)?;
    Some(write(&bundle))
}

fn changed(base: &Base, change: impl FnOnce(&mut Bundle) -> Option<()>) -> Option<Mutant> {
    damaged(rewritten(base, change)?)
}

fn passing(
    base: &Base,
    place: &'static str,
    change: impl FnOnce(&mut Bundle) -> Option<()>,
) -> Option<Mutant> {
    let bytes = rewritten(base, |bundle| {
        change(bundle)?;
        bundle.arrange();
        Some(())
    })?;
    Some(Mutant { bytes, expect: Expect::Passes(place) })
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// A place in the text: first a line, so that the long definition does not draw everything to itself.
fn place(text: &[u8], dice: &mut Dice) -> usize {
    let lines = lines(text);
    let line = dice.below(lines.len());
    lines[..line].iter().map(Vec::len).sum::<usize>() + dice.below(lines[line].len())
}

fn renumber(bundle: &mut Bundle) {
    (1..).zip(bundle.events.iter_mut().filter(|event| event.pos.is_some())).for_each(|(pos, event)| {
        event.pos = Some(pos);
    });
}

fn flip_text(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut bytes = base.text.clone();
    bytes[place(&base.text, dice)] ^= dice.bit();
    damaged(bytes)
}

/// Whatever is packed otherwise is judged by what comes out.
fn packed(base: &Base, bytes: Vec<u8>) -> Option<Mutant> {
    let is_the_same = inflate(&bytes, base.text.len()).is_some_and(|text| text == base.text);
    Some(Mutant { bytes, expect: if is_the_same { Expect::Passes(PACKING) } else { Expect::Damaged } })
}

fn flip_packed(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut bytes = base.packed.clone();
    let at = dice.below(bytes.len());
    bytes[at] ^= dice.bit();
    packed(base, bytes)
}

/// Frame after frame is one text; one of them left out or both exchanged is another.
fn packed_in_two(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let (first, second) = base.text.split_at(place(&base.text, dice));
    let [first, second] = [first, second].map(|piece| match compress(piece.to_vec()) {
        Compressed::Zstd(bytes) => Some(bytes),
        Compressed::Identity(_) => None,
    });
    let (first, second) = (first?, second?);
    match dice.below(3) {
        0 => packed(base, first),
        1 => packed(base, [second, first].concat()),
        _ => packed(base, [first, second].concat()),
    }
}

fn packed_cut(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let length = dice.below(base.packed.len());
    packed(base, base.packed[..length].to_vec())
}

fn byte_put_in(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut bytes = base.text.clone();
    bytes.insert(place(&base.text, dice), u8::try_from(dice.below(256)).ok()?);
    damaged(bytes)
}

fn byte_left_out(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut bytes = base.text.clone();
    bytes.remove(place(&base.text, dice));
    damaged(bytes)
}

fn lines_exchanged(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut lines = lines(&base.text);
    let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
    lines.swap(a, b);
    damaged(lines.concat())
}

fn line_missing(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut lines = lines(&base.text);
    lines.remove(dice.below(lines.len()));
    damaged(lines.concat())
}

fn line_doubled(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut lines = lines(&base.text);
    let (line, to) = (dice.below(lines.len()), dice.below(lines.len()));
    lines.insert(to, lines[line].clone());
    damaged(lines.concat())
}

fn text_cut(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    damaged(base.text[..place(&base.text, dice)].to_vec())
}

fn event_missing(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    // What stands after the manifest is not promised.
    let covered = base.bundle.events.iter().filter(|event| event.pos.is_some()).count();
    changed(base, |bundle| {
        bundle.events.remove(dice.below(covered));
        renumber(bundle);
        Some(())
    })
}

fn event_doubled(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let (event, to) = (dice.below(bundle.events.len()), dice.below(bundle.events.len()));
        bundle.events.insert(to, bundle.events[event].clone());
        renumber(bundle);
        Some(())
    })
}

fn events_exchanged(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let (a, b) = (dice.below(bundle.events.len()), dice.below(bundle.events.len()));
        let first = bundle.events[a].event.clone();
        bundle.events[a].event = std::mem::replace(&mut bundle.events[b].event, first);
        Some(())
    })
}

fn tail_missing(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let covered = base.bundle.events.iter().filter(|event| event.pos.is_some()).count();
    changed(base, |bundle| {
        bundle.events.truncate(dice.below(covered));
        Some(())
    })
}

fn event_of_another_record(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let theirs = base.other.events[dice.below(base.other.events.len())].event.clone();
        let at = dice.below(bundle.events.len());
        if dice.below(2) == 0 {
            bundle.events[at].event = theirs;
        } else {
            let mut put_in = bundle.events[at].clone();
            put_in.event = theirs;
            bundle.events.insert(at, put_in);
            renumber(bundle);
        }
        Some(())
    })
}

fn certificate_by_another_root(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.certificates.len());
        let said: InstallCertificate = bundle.certificates[at].peek().ok()?;
        bundle.certificates[at] = Document::sign(&said, Tag::Cert, &SecretKey::from_seed(&[66; 32]));
        Some(())
    })
}

fn revocation_left_out(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let last = bundle.revocations.len().checked_sub(1)?;
        bundle.revocations.remove(dice.below(last + 1));
        Some(())
    })
}

/// It would trust the author further than the server did.
fn revocation_by_another_key(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let document = bundle.revocations.first_mut()?;
        let mut said: Revocation = document.peek().ok()?;
        said.last_seq += 1 + u64::try_from(dice.below(9)).ok()?;
        *document = Document::sign(&said, Tag::Revocation, &base.event_key);
        Some(())
    })
}

/// Whoever holds the key with which the server writes what is done at desks lets it answer for a deputy.
fn server_as_a_deputy(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let read: Vec<Event> = bundle.events.iter().filter_map(|event| event.event.read().ok()).collect();
        let last = read.iter().filter(|event| event.header.install.is_server());
        let last = last.max_by_key(|event| event.header.enc_seq)?;
        let actor = Actor { role: Role::Deputy, ..last.body.as_ref()?.actor.clone() };
        let place = Place {
            install: last.header.install,
            seq: None,
            prev: None,
            encounter: last.header.encounter,
            enc_seq: Some(last.header.enc_seq? + 1),
            enc_prev: Some(last.id),
            stamp: read.iter().map(|event| event.header.stamp).max()? + 1,
        };
        let kind = Kind::Noted { step: None, text: "what no deputy said".to_owned() };
        let body =
            Body { kind, actor, at: last.body.as_ref()?.at, base: Vec::new(), reason: None, audit: None };
        let salt = [u8::try_from(dice.below(256)).ok()?; 16];
        let event = SignedEvent::sign(body.write(&place, salt), &base.event_key);
        bundle.events.push(BundledEvent { event, pos: None });
        Some(())
    })
}

fn certificate_of_another_install(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.certificates.len());
        if dice.below(2) == 0 {
            bundle.certificates[at] = base.certificate.clone();
        } else {
            bundle.certificates.push(base.certificate.clone());
        }
        bundle.arrange();
        Some(())
    })
}

fn other_trust(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let root = SecretKey::from_seed(&[66; 32]);
    changed(base, |bundle| {
        let sign = |document: &Document| Document {
            text: document.text.clone(),
            signature: root.sign(Tag::Cert, document.text.as_bytes()),
        };
        let server = bundle.trust.server.iter().map(sign).collect();
        let keeps_the_root = dice.below(2) == 0;
        let root = if keeps_the_root { bundle.trust.root } else { root.public() };
        bundle.trust = Trust { root, server };
        Some(())
    })
}

/// Puts another number or another hex digit into a signed text.
fn retold(document: &mut Document, dice: &mut Dice) {
    let digits: Vec<usize> = document
        .text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_digit())
        .map(|(at, _)| at)
        .collect();
    let at = digits[dice.below(digits.len())];
    let other = if document.text.as_bytes()[at] == b'1' { "2" } else { "1" };
    document.text.replace_range(at..=at, other);
}

fn receipt_changed(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.receipts.len());
        retold(&mut bundle.receipts[at], dice);
        bundle.arrange();
        Some(())
    })
}

fn manifest_changed(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        retold(bundle.manifest.as_mut()?, dice);
        Some(())
    })
}

fn document_of_another_record(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        if dice.below(2) == 0 {
            bundle.manifest.clone_from(&base.other.manifest);
            return Some(());
        }
        // A receipt may speak of both records, and then it is in its place; another history of ours never is.
        let ours = bundle.encounter.to_string();
        let foreign: Vec<&Document> = base
            .other
            .receipts
            .iter()
            .filter(|receipt| base.other.encounter == bundle.encounter || !receipt.text.contains(&ours))
            .collect();
        bundle.receipts.push((*foreign.get(dice.below(foreign.len()))?).clone());
        bundle.arrange();
        Some(())
    })
}

fn signed_by_the_wrong_key(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.receipts.len());
        let (document, tag) = match dice.below(2) {
            0 => (bundle.manifest.as_mut()?, Tag::Manifest),
            _ => (&mut bundle.receipts[at], Tag::Receipt),
        };
        document.signature = base.event_key.sign(tag, document.text.as_bytes());
        Some(())
    })
}

/// The same JSON in other bytes.
fn otherwise(text: &str, dice: &mut Dice) -> Option<String> {
    Some(match dice.below(5) {
        0 => text.replacen(':', ": ", 1),
        1 => text.replacen(",\"", ", \"", 1),
        2 => format!("{text} "),
        3 => {
            // The first letter of the first name, as an escape.
            let at = text.find('"')? + 1;
            let letter = text[at..].chars().next().filter(char::is_ascii_alphabetic)?;
            format!("{}\\u{:04x}{}", &text[..at], u32::from(letter), &text[at + 1..])
        }
        _ => {
            // The first two members change places.
            let inner = text.strip_prefix('{')?;
            let (first, rest) = inner.split_once(",\"")?;
            let (second, rest) = rest.split_once(",\"")?;
            if first.contains(['{', '[']) || second.contains(['{', '[']) {
                return None;
            }
            format!("{{\"{second},{first},\"{rest}")
        }
    })
}

fn header_rewritten(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.events.len());
        let event = &mut bundle.events[at].event;
        event.header = otherwise(&event.header, dice)?;
        Some(())
    })
}

fn body_rewritten(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.events.len());
        let body = bundle.events[at].event.body.as_mut()?;
        *body = otherwise(body, dice)?;
        Some(())
    })
}

fn line_rewritten(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let mut lines = lines(&base.text);
    let at = dice.below(lines.len());
    let line = String::from_utf8(lines[at].clone()).ok()?;
    lines[at] = match dice.below(3) {
        // A signature in capitals.
        0 => {
            let (before, signature) = line.rsplit_once("\"signature\":\"")?;
            format!("{before}\"signature\":\"{}", signature.replacen(['a', 'b', 'c', 'd', 'e', 'f'], "A", 1))
        }
        _ => format!("{}\n", otherwise(line.trim_end(), dice)?),
    }
    .into_bytes();
    damaged(lines.concat())
}

fn signature_of_another(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let (a, b) = (dice.below(bundle.events.len()), dice.below(bundle.events.len()));
        bundle.events[a].event.signature = base.bundle.events[b].event.signature;
        Some(())
    })
}

/// The order of the group that signatures reckon in, least byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same signature with the order added to its second half: a lenient reader would take both.
fn signature_second_form(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.events.len());
        let event: &mut SignedEvent = &mut bundle.events[at].event;
        let mut bytes = event.signature.to_bytes();
        let mut carry = 0_u16;
        for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = u8::try_from(sum & 0xff).ok()?;
            carry = sum >> 8;
        }
        event.signature = Signature::from_bytes(&bytes);
        Some(())
    })
}

fn body_of_another(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    // One more body may be missing where all of them were destroyed by order, but not one that the manifest lists.
    let covered = base.bundle.events.iter().filter(|event| event.pos.is_some()).count();
    changed(base, |bundle| {
        let (a, b) = (dice.below(covered), dice.below(covered));
        let theirs = base.bundle.events[b].event.body.clone();
        let body = &mut bundle.events[a].event.body;
        *body = if dice.below(2) == 0 { None } else { theirs };
        Some(())
    })
}

fn definition_changed(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let letters: Vec<usize> = bundle
            .definition
            .bytes()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_lowercase())
            .map(|(at, _)| at)
            .collect();
        let at = letters[dice.below(letters.len())];
        let other = if bundle.definition.as_bytes()[at] == b'e' { "a" } else { "e" };
        bundle.definition.replace_range(at..=at, other);
        Some(())
    })
}

fn position_changed(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let covered = base.bundle.events.iter().filter(|event| event.pos.is_some()).count();
    changed(base, |bundle| {
        let at = dice.below(covered);
        let pos = bundle.events[at].pos?;
        bundle.events[at].pos = match dice.below(4) {
            0 => None,
            1 => Some(pos + 1),
            2 => Some(pos - 1),
            _ => Some(u64::try_from(dice.below(1_000)).ok()?),
        };
        Some(())
    })
}

fn other_id(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    changed(base, |bundle| {
        let at = dice.below(bundle.encounter.0.len());
        bundle.encounter.0[at] ^= dice.bit();
        Some(())
    })
}

fn receipts_left_out_or_added(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    match dice.below(3) {
        0 => passing(base, RECEIPT_LEFT_OUT, |bundle| {
            bundle.receipts.remove(dice.below(bundle.receipts.len()));
            Some(())
        }),
        1 => passing(base, RECEIPT_ADDED, |bundle| {
            bundle.receipts.push(base.receipt.clone());
            Some(())
        }),
        _ => passing(base, RECEIPT_OTHER_EPOCH, |bundle| {
            bundle.receipts.push(base.other_epoch.clone());
            Some(())
        }),
    }
}

fn earlier_manifest(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    let covered = base.bundle.events.iter().filter(|event| event.pos.is_some()).count() / 2;
    let put_back = |bundle: &mut Bundle| {
        bundle.manifest = Some(base.earlier.clone());
        Some(())
    };
    if dice.below(2) == 0 {
        // The events still claim positions that it does not cover.
        return changed(base, put_back);
    }
    passing(base, EARLIER_MANIFEST, |bundle| {
        put_back(bundle)?;
        bundle.events.iter_mut().skip(covered).for_each(|event| event.pos = None);
        Some(())
    })
}

fn without_manifest(base: &Base, dice: &mut Dice) -> Option<Mutant> {
    if dice.below(2) == 0 {
        return changed(base, |bundle| {
            bundle.manifest = None;
            Some(())
        });
    }
    passing(base, NO_MANIFEST, |bundle| {
        bundle.manifest = None;
        bundle.events.iter_mut().for_each(|event| event.pos = None);
        Some(())
    })
}
