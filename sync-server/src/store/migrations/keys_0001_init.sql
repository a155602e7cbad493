-- The key store. It is a file of its own so that its backups can end sooner than those of the records:
-- a record is destroyed by destroying its key, and the day that the last backup of the key dies is that day.

-- One random AES-256 key for each encounter, wrapped by the agency key.
create table data_key (
    encounter text primary key,
    wrapped {blob} not null,
    made_ms {int} not null
) {strict};

-- Keys that were destroyed: a late event of the same encounter must not be given a new key in silence.
create table shredded_key (
    encounter text primary key,
    shredded_ms {int} not null
) {strict};
