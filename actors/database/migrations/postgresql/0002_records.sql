-- What the nodes write down. `written` is the key of the write in a form that sorts: of the same
-- object the greatest one wins, whatever the order in which they come. `bytes` is the record's size.
ALTER TABLE roost.node
  ADD COLUMN written text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN bytes bigint NOT NULL DEFAULT 0;

CREATE TABLE roost.session (
  id text COLLATE "C" PRIMARY KEY,
  node text COLLATE "C" NOT NULL,
  title text NOT NULL,
  command text NOT NULL,
  cwd text NOT NULL,
  owner text NOT NULL,
  sandbox text NOT NULL,
  run_as text NOT NULL,
  epoch text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  exited_at timestamptz,
  exit_status integer,
  signal integer,
  state text NOT NULL,
  output_end bigint NOT NULL,
  written text COLLATE "C" NOT NULL,
  bytes bigint NOT NULL
);
CREATE INDEX session_created ON roost.session (created_at, id);

CREATE TABLE roost.session_event (
  session text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  what text NOT NULL,
  detail text NOT NULL,
  written text COLLATE "C" PRIMARY KEY,
  bytes bigint NOT NULL
);
CREATE INDEX session_event_session ON roost.session_event (session, at, written);
CREATE INDEX session_event_at ON roost.session_event (at);

CREATE TABLE roost.audit (
  at timestamptz NOT NULL,
  who text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  outcome text NOT NULL,
  detail text NOT NULL,
  correlation text NOT NULL,
  written text COLLATE "C" PRIMARY KEY,
  bytes bigint NOT NULL
);
CREATE INDEX audit_at ON roost.audit (at, written);

CREATE TABLE roost.connection (
  node text COLLATE "C" NOT NULL,
  boot bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  who text NOT NULL,
  address text NOT NULL,
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  close_code integer,
  reason text NOT NULL,
  bytes_in bigint NOT NULL,
  bytes_out bigint NOT NULL,
  written text COLLATE "C" NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (node, boot, id)
);
CREATE INDEX connection_opened ON roost.connection (opened_at, node, boot, id);

CREATE TABLE roost.recording_chunk (
  session text COLLATE "C" NOT NULL,
  epoch text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  first_offset bigint NOT NULL,
  end_offset bigint NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  cols bigint NOT NULL,
  rows bigint NOT NULL,
  raw_size bigint NOT NULL,
  event_count bigint NOT NULL,
  data bytea NOT NULL,
  written text COLLATE "C" NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (session, epoch, seq)
);
CREATE INDEX recording_chunk_began ON roost.recording_chunk (session, began_at, epoch, seq);
CREATE INDEX recording_chunk_ended ON roost.recording_chunk (ended_at);

CREATE TABLE roost.screen_text (
  session text COLLATE "C" NOT NULL,
  epoch text COLLATE "C" NOT NULL,
  from_offset bigint NOT NULL,
  to_offset bigint NOT NULL,
  at timestamptz NOT NULL,
  command text NOT NULL,
  exit_status integer,
  body text NOT NULL,
  words tsvector NOT NULL,
  written text COLLATE "C" NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (session, epoch, from_offset)
);
CREATE INDEX screen_text_at ON roost.screen_text (at, session, epoch, from_offset);

-- How far the writes of each node were applied: what comes again is passed over.
CREATE TABLE roost.outbox_mark (
  node text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  partition bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (node, epoch, partition)
);
