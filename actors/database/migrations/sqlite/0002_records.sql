-- What the nodes write down. `written` is the key of the write in a form that sorts: of the same
-- object the greatest one wins, whatever the order in which they come. `bytes` is the record's size.
-- Times are microseconds since 1970.
ALTER TABLE node ADD COLUMN written TEXT NOT NULL DEFAULT '';
ALTER TABLE node ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE session (
  id TEXT PRIMARY KEY NOT NULL,
  node TEXT NOT NULL,
  title TEXT NOT NULL,
  command TEXT NOT NULL,
  cwd TEXT NOT NULL,
  owner TEXT NOT NULL,
  sandbox TEXT NOT NULL,
  run_as TEXT NOT NULL,
  epoch TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  exited_at INTEGER,
  exit_status INTEGER,
  signal INTEGER,
  state TEXT NOT NULL,
  output_end INTEGER NOT NULL,
  written TEXT NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE INDEX session_created ON session (created_at, id);

CREATE TABLE session_event (
  session TEXT NOT NULL,
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  detail TEXT NOT NULL,
  written TEXT PRIMARY KEY NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE INDEX session_event_session ON session_event (session, at, written);
CREATE INDEX session_event_at ON session_event (at);

CREATE TABLE audit (
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  correlation TEXT NOT NULL,
  written TEXT PRIMARY KEY NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE INDEX audit_at ON audit (at, written);

CREATE TABLE connection (
  node TEXT NOT NULL,
  boot INTEGER NOT NULL,
  id TEXT NOT NULL,
  who TEXT NOT NULL,
  address TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  close_code INTEGER,
  reason TEXT NOT NULL,
  bytes_in INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  written TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (node, boot, id)
);
CREATE INDEX connection_opened ON connection (opened_at, node, boot, id);

CREATE TABLE recording_chunk (
  session TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  first_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  cols INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  raw_size INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  data BLOB NOT NULL,
  written TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (session, epoch, seq)
);
CREATE INDEX recording_chunk_began ON recording_chunk (session, began_at, epoch, seq);
CREATE INDEX recording_chunk_ended ON recording_chunk (ended_at);

CREATE TABLE screen_text (
  id INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  epoch TEXT NOT NULL,
  from_offset INTEGER NOT NULL,
  to_offset INTEGER NOT NULL,
  at INTEGER NOT NULL,
  command TEXT NOT NULL,
  exit_status INTEGER,
  body TEXT NOT NULL,
  words TEXT NOT NULL,
  written TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (session, epoch, from_offset)
);
CREATE INDEX screen_text_at ON screen_text (at, session, epoch, from_offset);

-- The words are made by the program: the same for every database.
CREATE VIRTUAL TABLE screen_text_words USING fts5 (
  words, content = 'screen_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TRIGGER screen_text_added AFTER INSERT ON screen_text BEGIN
  INSERT INTO screen_text_words (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER screen_text_removed AFTER DELETE ON screen_text BEGIN
  INSERT INTO screen_text_words (screen_text_words, rowid, words) VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER screen_text_changed AFTER UPDATE ON screen_text BEGIN
  INSERT INTO screen_text_words (screen_text_words, rowid, words) VALUES ('delete', old.id, old.words);
  INSERT INTO screen_text_words (rowid, words) VALUES (new.id, new.words);
END;

-- How far the writes of each node were applied: what comes again is passed over.
CREATE TABLE outbox_mark (
  node TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (node, epoch, partition)
);

-- What PostgreSQL does not have yet, in the order in which it gets it.
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  class INTEGER NOT NULL,
  node TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  follows INTEGER NOT NULL,
  object TEXT NOT NULL,
  payload BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (node, epoch, partition, seq)
);
CREATE INDEX outbox_class ON outbox (class, position);
CREATE INDEX outbox_object ON outbox (object, position) WHERE object <> '';
-- The end of each partition: the last key, and the one that the next write follows.
CREATE TABLE outbox_tail (
  node TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  follows INTEGER NOT NULL,
  PRIMARY KEY (node, epoch, partition)
);
CREATE TABLE outbox_total (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  dropped INTEGER NOT NULL
);
INSERT INTO outbox_total VALUES (1, 0, 0, 0);
CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
  UPDATE outbox_total SET records = records + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
  UPDATE outbox_total SET records = records - 1, bytes = bytes - old.bytes;
END;
