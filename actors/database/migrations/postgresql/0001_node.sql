-- The nodes that have used this database.
CREATE TABLE roost.node (
  uuid uuid PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now()
);
