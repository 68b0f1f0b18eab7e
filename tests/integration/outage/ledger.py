"""What there should be, what the node's own file has, and what PostgreSQL has: all the same, each once."""
import collections
import hashlib
import json
import re
import sqlite3
import urllib.parse

TABLES = {"session": "id", "session_event": "written", "audit": "written", "connection": "written", "recording_chunk": "session, epoch, seq",
          "screen_text": "session, epoch, from_offset"}
MEASURES = {"connection", "screen_text"}  # may be dropped on their way when there is no room, and are counted then
LEFT_OUT = {"id", "words"}  # numbers of the file's own rows; what each database makes of a text for itself


def opened(path):
    """The node's own file, also while the node uses it."""
    link = sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=ro", uri=True, timeout=30)
    link.row_factory = sqlite3.Row
    return link


def plain(value):
    if isinstance(value, bytes):
        return hashlib.md5(value).hexdigest()
    return "" if value is None else str(value)


class Ledger:
    def __init__(self, path, db):
        self.path, self.db = path, db
        self.own, self.shared, self.columns = {}, {}, {}
        self.wrong = []
        self.dropped = 0  # measures, on their way to PostgreSQL

    def read(self):
        """Both databases as they are now."""
        with opened(self.path) as file:
            self.dropped = file.execute("SELECT dropped FROM outbox_total").fetchone()[0]
            for table, key in TABLES.items():
                rows = self.db.sql(f"SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'roost' AND table_name = '{table}'")
                columns = {name: kind for name, kind in rows if table == "session" or name not in LEFT_OUT}
                if table == "connection":
                    columns["id"] = "text"
                terms = []
                for name, kind in columns.items():
                    if kind == "timestamp with time zone":
                        terms.append(f"(extract(epoch FROM {name}) * 1000000)::bigint AS {name}")
                    else:
                        terms.append(f"md5({name}) AS {name}" if kind == "bytea" else name)
                found = self.db.sql(f"SELECT row_to_json(r) FROM (SELECT {', '.join(terms)} FROM roost.{table} ORDER BY {key}) r")
                self.shared[table] = [{name: plain(value) for name, value in json.loads("\t".join(row)).items()} for row in found]
                self.own[table] = [{name: plain(row[name]) for name in columns} for row in file.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key}")]
        return self

    def check_same(self):
        """Whatever the node's own file has is in PostgreSQL, once, as it is; and nothing else is, but for measures that were dropped and
        counted."""
        for table, key in TABLES.items():
            def by_key(rows):
                return collections.Counter(json.dumps(row, sort_keys=True) for row in rows)
            own, shared = by_key(self.own[table]), by_key(self.shared[table])
            if table in MEASURES and self.dropped:
                missing = sum((own - shared).values())
                if missing > self.dropped or len(self.shared[table]) > len(self.own[table]):
                    self.wrong.append(f"{table}: {missing} rows are missing in PostgreSQL, or differ, and {self.dropped} were counted as dropped")
                continue
            for what, rows in (("is missing in PostgreSQL, or differs", own - shared), ("is in PostgreSQL alone, or twice", shared - own)):
                if rows:
                    self.wrong.append(f"{table}: {sum(rows.values())} of {len(self.own[table])} rows: {what}: {next(iter(rows))[:600]}")

    def check_sessions(self, made, deaths, slack):
        """Each session that was made is there with its end, and each moment of its life once. What happened within `slack` seconds
        before a death of the server may have died with it. @returns how many moments did."""
        sessions = {row["id"]: row for row in self.own["session"]}
        moments = collections.Counter((row["session"], row["what"]) for row in self.own["session_event"])
        lost = 0

        def may_be_lost(at):
            return any(death - slack <= at <= back for death, back in deaths)

        for each in made:
            if each.id is None:
                continue  # nobody knows of it
            row = sessions.get(each.id)
            name = f"session {each.number} ({each.kind}, {each.id})"
            if row is None:
                if each.made_at and may_be_lost(each.made_at):
                    lost += 1
                else:
                    self.wrong.append(f"{name} is nowhere")
                continue
            if (row["state"], row["exit_status"]) != ("exited", str(each.status)):
                self.wrong.append(f"{name} is {row['state']} with {row['exit_status']}, not exited with {each.status}")
            exited_at = int(row["exited_at"] or 0) / 1e6
            for what, at in (("created", int(row["created_at"]) / 1e6), ("exited", exited_at), ("removed", each.removed_at)):
                count = moments[each.id, what]
                if count == (at is not None):
                    continue
                if count == 0 and may_be_lost(at):
                    lost += 1
                elif not (what == "removed" and at is None and count <= 1):  # its answer may have been cut off
                    self.wrong.append(f"{name}: {what} {count} times; at {at}, deaths {deaths}")
        return lost

    def check_recordings(self, made, text_of):
        """All lines of each session that prints, in their order, once. @param text_of id → the recording as text. @returns how many lines."""
        chunks = collections.defaultdict(list)
        for row in self.own["recording_chunk"]:
            chunks[row["session"]].append(row)
        lines = 0
        for each in made:
            if each.kind == "short" or each.id is None:
                continue
            name = f"recording of session {each.number} ({each.kind}, {each.id})"
            rows = sorted(chunks[each.id], key=lambda row: int(row["seq"]))
            if [int(row["seq"]) for row in rows] != list(range(len(rows))) or any(
                    before["end_offset"] != after["first_offset"] for before, after in zip(rows, rows[1:])) or len({row["epoch"] for row in rows}) > 1:
                self.wrong.append(f"{name} is in pieces: {[(row['epoch'], row['seq'], row['first_offset'], row['end_offset']) for row in rows][:8]}")
            found = [int(number) for number in re.findall(rf"^(\d+) of {each.lines}\b", text_of(each.id), re.M)]
            lines += len(found)
            if found != list(range(1, each.lines + 1)):
                at = next((n for n, (a, b) in enumerate(zip(found, range(1, each.lines + 1))) if a != b), min(len(found), each.lines))
                self.wrong.append(f"{name}: {len(found)} lines of {each.lines}; the first that is wrong is behind line {at}: {found[max(0, at - 2):at + 3]}")
        return lines

    def missing(self, made):
        """How many records are not there of those that can be told to have been: sessions, moments, chunks between others."""
        sessions = {row["id"] for row in self.own["session"]}
        moments = {(row["session"], row["what"]) for row in self.own["session_event"]}
        ids = {each.id for each in made if each.id}
        wanted = {(name, what) for name in ids for what in ("created", "exited")} | {(each.id, "removed") for each in made if each.removed_at}
        chunks = collections.defaultdict(set)
        for row in self.own["recording_chunk"]:
            chunks[row["session"], row["epoch"]].add(int(row["seq"]))
        return len(ids - sessions) + len(wanted - moments) + sum(max(seqs) + 1 - len(seqs) for seqs in chunks.values())

    def counts(self):
        return {table: len(rows) for table, rows in self.own.items() if rows}
