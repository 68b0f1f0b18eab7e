-- Credentials, without their secrets. Of one there is a row of the node that made it, and one of
-- each node that took it away.
CREATE TABLE token (
  id TEXT NOT NULL,
  node TEXT NOT NULL,
  hash TEXT NOT NULL,
  role TEXT NOT NULL,
  label TEXT NOT NULL,
  session TEXT NOT NULL,
  run_as TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  written TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (id, node)
);
