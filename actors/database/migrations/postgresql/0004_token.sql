-- Credentials, without their secrets. Of one there is a row of the node that made it, and one of
-- each node that took it away.
CREATE TABLE roost.token (
  id text COLLATE "C" NOT NULL,
  node text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  role text NOT NULL,
  label text NOT NULL,
  session text COLLATE "C" NOT NULL,
  run_as text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  written text COLLATE "C" NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (id, node)
);
