-- The first layout of a phone's store. Never edited once released: a change is another file.
--
-- Numbers are integers, ids and hashes their bytes, moments milliseconds since 1970 UTC.
--
-- Every row that may be longer than a page ends in `tail`, which is always 2. SQLCipher hands a page that fails its
-- check to SQLite as zeros; where that is the last page of a long row, SQLite does not notice. A reader does: the
-- tail is then 0. (2 and not 1, because SQLite stores a 1 in no byte at all.)

create table install (
    -- Who wrote here. The greatest number is the live one; the others ended, because this store was put back or copied,
    -- and nobody ever goes on with the chain of a copy.
    number integer primary key,
    id blob not null unique,
    -- The private half of its signing key.
    seed blob not null,
    tail integer not null default 2
);

create table setting (
    -- Small named values: whose store this is, where its server is, nonces, the directory.
    name text primary key,
    -- JSON.
    value text not null,
    tail integer not null default 2
);

create table protocol (
    -- Definitions, byte for byte; the key is their hash.
    sha256 blob primary key,
    text text not null,
    tail integer not null default 2
);

create table certificate (
    -- What vouches for the authors of events. In the order in which they came: a later one of an install counts.
    number integer primary key,
    install blob not null,
    text text not null,
    signature blob not null,
    tail integer not null default 2,
    unique (install, text, signature)
);

create table receipt (
    -- The newest receipt of each server to each install here, whole, so that it can prove what it confirmed.
    server text not null,
    -- `install.number`.
    install integer not null,
    -- Greater is newer.
    heard integer not null,
    received_through integer not null,
    text text not null,
    signature blob not null,
    tail integer not null default 2,
    primary key (server, install)
);

create table encounter (
    -- One child's contact, of which events are held.
    -- The number is its short name in this file only: the upper half of `event.place`.
    number integer primary key,
    id blob not null unique,
    -- How many events are held. Arrivals are dense, so that this is also the last arrival.
    events integer not null,
    -- How many of them have no position in the cursor's epoch.
    unpositioned integer not null,
    -- How far the server's positions were read.
    cursor_epoch blob,
    cursor_pos integer,
    cursor_rolling blob,
    -- How far a receipt confirmed what is held, under a rolling hash that was computed here.
    confirmed_epoch blob,
    confirmed_pos integer,
    confirmed_durable_pos integer,
    -- A cache: the fold of the events, summarised.
    summary blob not null,
    tail integer not null default 2
);

create table event (
    -- What everybody recorded, byte for byte as first written.
    -- The place is `encounter.number << 32 | arrival`: one encounter's events lie side by side in the order in which
    -- they came, and one tap writes one page of this table. An index of its own, or `without rowid` (which moves
    -- whatever exceeds a quarter of a page to pages of its own), would make it three.
    place integer primary key,
    -- The server's position in the cursor's epoch.
    pos integer,
    id blob not null,
    header text not null,
    -- Null: shredded, or withheld from this install.
    body text,
    signature blob not null,
    tail integer not null default 2
);

create table own_event (
    -- The chains of the installs here, in order. They stay when a record is let go.
    -- The line is `install.number << 40 | seq`.
    line integer primary key,
    id blob not null,
    place integer not null,
    -- The time of entry by the wall clock: how old unsent work is.
    wall integer not null
);

create table draft (
    -- Text being typed: neither signed nor sent, and never lost.
    encounter integer not null references encounter (number),
    step text not null,
    -- Empty: the step does not repeat.
    entry blob not null,
    field text not null,
    text text not null,
    -- The ids of the heads on the screen when the first key was pressed, one after another, and how many events that
    -- screen had folded.
    base blob not null,
    seen integer not null,
    at integer not null,
    tail integer not null default 2,
    primary key (encounter, step, entry, field)
) without rowid;
