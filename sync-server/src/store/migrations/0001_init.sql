-- The store of the sync server. One text for SQLite and PostgreSQL. Ids and hashes are lower-case hex, times
-- are milliseconds since 1970 UTC, flags are 0 or 1. No statement computes the state of a record: what a list
-- needs of it is written beside its summary in the same transaction.

-- Single facts about this server: programme, epoch, keys of its own.
create table meta (
    key text primary key,
    value text not null
) {strict};

-- An agency of the programme.
create table agency (
    id text primary key,
    title text not null
) {strict};

-- A station of an agency; scope of most readers.
create table station (
    id text primary key,
    agency text not null references agency (id),
    title text not null
) {strict};

-- Who may sign in. Local accounts only have a password; an account from single sign-on has none.
create table person (
    id text primary key,
    name text not null,
    role text not null,
    agency text not null references agency (id),
    station text references station (id),
    username text not null unique,
    password_hash text,
    -- Tries of browsers that are not known, counted before each check, since the last right one; and when the last was.
    failed_tries {int} not null default 0,
    tried_ms {int} not null default 0,
    -- Locked is shut to such browsers until an administrator releases it; disabled means the person has left.
    locked {int} not null default 0,
    disabled {int} not null default 0,
    created_ms {int} not null,
    signed_in_ms {int}
) {strict};

-- A signed-in browser. Only the hash of its token is here, so that a copy of the store opens no session.
create table session (
    hash text primary key,
    person text not null references person (id),
    created_ms {int} not null,
    seen_ms {int} not null,
    expires_ms {int} not null
) {strict};
create index session_person on session (person);

-- Browsers in which a person has signed in before, by the hash of a token that they keep: whoever guesses from elsewhere does
-- not shut them out.
create table browser (
    hash text not null,
    person text not null references person (id),
    tries {int} not null default 0,
    seen_ms {int} not null,
    primary key (hash, person)
) {strict};
create index browser_person on browser (person, seen_ms);

-- One deputy's store on one phone: its key, its certificate, and how far its chain is held here.
create table install (
    install text primary key,
    device text not null,
    person text not null references person (id),
    role text not null,
    agency text not null references agency (id),
    station text references station (id),
    -- waiting, approved, refused, revoked
    state text not null,
    -- The install that this one goes on from: its store was put back from a copy, or copied.
    follows text,
    key text not null,
    sealing_key text,
    request_ms {int} not null,
    decided_by text,
    decided_ms {int},
    -- The end of its own line: every event up to this number is here or was declared lost. Offers never move it.
    received_through {int} not null default 0,
    received_id text,
    durable_through {int} not null default 0,
    seen_ms {int},
    app_version text,
    -- When the last nonce that a hello of it used runs out: no earlier one is taken again.
    nonce_until_ms {int} not null default 0,
    -- What the phone itself last said it still has to send, and since when.
    unsent {int} not null default 0,
    drafts {int} not null default 0,
    oldest_unsent_ms {int},
    free_disk {int},
    -- The phone's wall clock less the server's, when it last said hello.
    clock_off_ms {int}
) {strict};
create index install_person on install (person);

-- Certificates of installs as they were signed: those issued here, and those that came with offers because an
-- older store had issued them. They have no expiry; a revoked install is known by its row above.
create table certificate (
    install text primary key,
    text text not null,
    signature text not null
) {strict};

-- Signed statements that an install is trusted no further than it was when it was revoked. They travel with certificates.
create table revocation (
    install text primary key,
    text text not null,
    signature text not null
) {strict};

-- One-time codes by which a phone asks to be enrolled: five tries, fifteen minutes. The first group of a code
-- names its row, so that wrong tries have something to count on; the rest is only here as a keyed hash.
create table enrolment (
    name text primary key,
    code_hash text not null,
    person text not null references person (id),
    made_by text not null,
    made_ms {int} not null,
    expires_ms {int} not null,
    tries {int} not null default 0,
    used_by text
) {strict};

-- Published protocol versions, byte for byte. A recalled one stays, because records are pinned to it.
create table protocol (
    sha256 text primary key,
    id text not null,
    version {int} not null,
    text text not null,
    published_ms {int} not null,
    published_by text not null,
    recalled_ms {int},
    unique (id, version)
) {strict};

-- One record: its place in the order of events, the server's own chain in it, and what lists show of it.
create table encounter (
    id text primary key,
    -- As its first event says. No references: an opening that names what is not known here is held, and its
    -- record must still have a place.
    protocol text not null,
    agency text not null,
    station text not null,
    incident text not null,
    letter text not null,
    opened_ms {int} not null,
    opened_by text not null,
    -- The last position given, and the rolling hash up to it. The update of this row orders writers.
    pos {int} not null default 0,
    rolling text not null,
    durable_pos {int} not null default 0,
    -- Heads of the server's own events in this record.
    desk_seq {int} not null default 0,
    desk_prev text,
    -- A projection of the events, rebuilt when its code version is old.
    summary text,
    summary_version {int} not null default 0,
    -- Copied out of the summary so that lists can be sorted without opening it.
    phase_state text not null default 'open',
    -- 0 waits for a review, 1 is with its deputy, 2 is approved. 9000000000000000 stands for a time that there is
    -- not, so that a list can be in the order of an index.
    queue_rank {int} not null default 1,
    waiting_since_ms {int} not null default 9000000000000000,
    due_ms {int} not null default 9000000000000000,
    conflicts {int} not null default 0,
    threads_open {int} not null default 0,
    -- Whether a step for a detective, or a county worker, applies: they see no other records of their agency.
    asks_detective {int} not null default 0,
    asks_county {int} not null default 0,
    voided {int} not null default 0,
    sealed {int} not null default 0,
    shredded {int} not null default 0
) {strict};
create index encounter_incident on encounter (incident);
create index encounter_opened on encounter (agency, station, opened_ms, id);

-- Every event that has a position. The body is sealed under the encounter's key, and null once shredded.
create table event (
    encounter text not null references encounter (id),
    pos {int} not null,
    id text not null,
    install text not null,
    -- Null for events of the server. Two forms of one number may both be here: a copied phone's fork.
    seq {int},
    enc_seq {int} not null,
    stamp {int} not null,
    kind text not null,
    header text not null,
    body {blob},
    signature {blob} not null,
    -- The rolling hash up to this position, so that a page need not begin at the first.
    rolling text not null,
    received_ms {int} not null,
    primary key (encounter, pos),
    -- An id names its record in its header, so this makes it unique among all. An index over every id there is would
    -- dirty a page of its own for each event of an upload.
    unique (encounter, id)
) {strict};
create index event_number on event (install, seq);

-- Which events are held, and why: a copy of what the records say, so that a receipt can list them.
create table held (
    id text primary key,
    encounter text not null references encounter (id),
    install text not null,
    why text not null
) {strict};
create index held_encounter on held (encounter);
create index held_install on held (install, id);

-- Authentic events that cannot have a position yet: their opening is missing, or they belong to no encounter.
-- The body is sealed under the agency key.
create table pending (
    id text primary key,
    install text not null,
    seq {int},
    encounter text,
    enc_seq {int},
    stamp {int} not null,
    header text not null,
    body {blob} not null,
    signature {blob} not null,
    -- Its author had stored as much that day as one may.
    beyond {int} not null,
    received_ms {int} not null
) {strict};
create index pending_encounter on pending (encounter, enc_seq, id);
create index pending_install on pending (install, seq);

-- What a phone declared, signed, that it can no longer send. The text may quote what was left of the events, so
-- it is sealed under the agency key. A hole that grew is another row; what is still missing is reckoned from the events.
create table hole (
    install text not null,
    seq_from {int} not null,
    seq_to {int} not null,
    id_of_to text not null,
    text {blob} not null,
    signature {blob} not null,
    received_ms {int} not null,
    primary key (install, seq_from, seq_to, id_of_to)
) {strict};

-- What an install stored on the day (in UTC, counted from 1970) on which it last stored something.
create table used (
    install text primary key,
    day {int} not null,
    events {int} not null,
    bytes {int} not null
) {strict};

-- Who has a part in a record: an agency by its role, or one deputy to whom it was passed or who joined.
create table party (
    encounter text not null references encounter (id),
    agency text not null,
    -- Empty for a whole agency: part of the key, so it cannot be null.
    person text not null default '',
    -- How it came to its part: opened, pass, join, or the role of an agency.
    role text not null,
    since_ms {int} not null,
    until_ms {int},
    primary key (encounter, agency, person, role)
) {strict};
create index party_person on party (person, encounter);
create index party_agency on party (agency, encounter);

-- In whose queue a record stands, and where in it: a copy of what encounter, party and person say, so that a page of
-- the queue is read off one index however many records there are. It is written anew when one of them changes, and who may
-- see a record is asked of them again.
create table queue (
    encounter text not null references encounter (id),
    -- A station's queue; a whole agency's, where the station is empty; one person's, where both are.
    agency text not null,
    station text not null,
    person text not null,
    -- Of an agency's: detective and county are the records in which a step of theirs applies, party those of other agencies
    -- in which it has a part.
    role text not null default '',
    queue_rank {int} not null,
    due_ms {int} not null,
    waiting_since_ms {int} not null,
    primary key (encounter, agency, station, person, role)
) {strict};
create index queue_order on queue (agency, station, person, role, queue_rank, due_ms, waiting_since_ms, encounter);

-- Numbers to call, by partner, station and hour. They are the programme's, not the protocol's.
create table number (
    partner text not null,
    -- Empty for every station.
    station text not null default '',
    -- The order in which they are tried.
    place {int} not null,
    channel text not null,
    number text not null,
    -- Minutes after local midnight; null for always.
    from_minute {int},
    to_minute {int},
    primary key (partner, station, place)
) {strict};

-- Everything that people and phones did here, in one hash chain for each replica of the server. The columns beside the text
-- are copies for searching and are compared with it when the chain is verified.
create table audit (
    replica text not null,
    seq {int} not null,
    prev text not null,
    hash text not null,
    at_ms {int} not null,
    what text not null,
    who text not null,
    encounter text,
    text text not null,
    primary key (replica, seq)
) {strict};
create index audit_encounter on audit (encounter, at_ms);
create index audit_who on audit (who, what, at_ms);
create index audit_what on audit (what, at_ms);
