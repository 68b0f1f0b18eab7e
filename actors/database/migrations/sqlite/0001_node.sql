-- The nodes that have used this database. Times are microseconds since 1970.
CREATE TABLE node (
  uuid TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
