CREATE TABLE glyph_identifiers (
    session_id INTEGER NOT NULL,
    anchor BIGINT NOT NULL,
    place INTEGER NOT NULL,
    digest VARCHAR(40) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    count BIGINT NOT NULL,
    text BLOB NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (session_id, anchor, place),
    FOREIGN KEY(session_id, anchor) REFERENCES glyph_turns (session_id, anchor) ON DELETE CASCADE
);

CREATE TABLE glyph_images (
    session_id INTEGER NOT NULL,
    anchor BIGINT NOT NULL,
    place INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (session_id, anchor, place),
    FOREIGN KEY(session_id, anchor) REFERENCES glyph_turns (session_id, anchor) ON DELETE CASCADE
);

CREATE TABLE glyph_meta (
    name VARCHAR(32) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE glyph_seals (
    session_id INTEGER NOT NULL,
    number BIGINT NOT NULL,
    digest BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (session_id, number),
    FOREIGN KEY(session_id) REFERENCES glyph_sessions (id) ON DELETE CASCADE
);

CREATE VIRTUAL TABLE glyph_search USING fts5(words, content='', columnsize=0, tokenize='ascii');

CREATE TABLE glyph_sessions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name_digest VARCHAR(40) NOT NULL,
    name TEXT NOT NULL,
    last_anchor BIGINT NOT NULL,
    turns BIGINT NOT NULL,
    words BIGINT NOT NULL,
    edits BIGINT NOT NULL,
    UNIQUE (name_digest)
);

CREATE TABLE glyph_turns (
    session_id INTEGER NOT NULL,
    anchor BIGINT NOT NULL,
    id_digest VARCHAR(40) NOT NULL,
    role VARCHAR(16) NOT NULL,
    pinned BOOLEAN NOT NULL,
    time VARCHAR(40) NOT NULL,
    size BIGINT NOT NULL,
    details BLOB NOT NULL,
    text BLOB NOT NULL,
    PRIMARY KEY (session_id, anchor),
    FOREIGN KEY(session_id) REFERENCES glyph_sessions (id) ON DELETE CASCADE
);

CREATE TABLE glyph_words (
    number INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    anchor BIGINT NOT NULL,
    length BIGINT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (number),
    FOREIGN KEY(session_id, anchor) REFERENCES glyph_turns (session_id, anchor) ON DELETE CASCADE
);

CREATE INDEX glyph_identifiers_digest ON glyph_identifiers (session_id, digest, anchor, count);

CREATE UNIQUE INDEX glyph_turns_id ON glyph_turns (session_id, id_digest);

CREATE INDEX glyph_turns_pinned ON glyph_turns (session_id, anchor) WHERE pinned;

CREATE INDEX glyph_turns_user ON glyph_turns (session_id, anchor) WHERE role = 'user';

CREATE UNIQUE INDEX glyph_words_turn ON glyph_words (session_id, anchor);
