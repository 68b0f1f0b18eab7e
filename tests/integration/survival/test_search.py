"""What sessions print is found again: by its words, by the command and its end, by session and time; once, whoever was killed."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import time
import unittest
import urllib.parse

import roost
from node import CHANCE, Node
from roost import wait_until
from test_recordings import program

CONFIG = """
log: {level: warn}
recording: {redact: ['hunter[0-9]+']}
"""


class Search(unittest.TestCase):
    def setUp(self):
        self.node = Node(CONFIG)
        self.addCleanup(self.node.stop)

    def ask(self, words, token=None, **more):
        more = {"q": words, **{name.rstrip("_"): value for name, value in more.items()}}
        return self.node.get("/search?" + urllib.parse.urlencode(more), **({"token": token} if token else {}))

    def hits(self, words, **more):
        answer = self.ask(words, **more)
        self.assertEqual(answer.status, 200, (words, answer))
        return answer.json()["hits"]

    def found(self, words, **more):
        """The hits, as soon as there are any: text comes with the chunks of recordings, which are made every few seconds."""
        return wait_until(lambda: self.hits(words, **more), f"{words} {more} is found", 30)

    def run_in(self, name, line):
        """A command line in a shell, until it has ended."""
        answer = self.node.post(f"/sessions/{name}/input?wait=command", {"text": line})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def text_of(self, hit):
        return "".join(part["text"] for part in hit["parts"])

    def matches(self, hit):
        return [part["text"] for part in hit["parts"] if part["match"]]

    def pieces(self, name):
        """All pieces of text of a session, as the node's own file has them: (from, to, command, status, text)."""
        with contextlib.closing(sqlite3.connect(f"file:{os.path.join(self.node.data, 'roost.db')}?mode=ro", uri=True)) as file:
            return file.execute("SELECT from_offset, to_offset, command, exit_status, body FROM screen_text WHERE session = ? "
                                "ORDER BY epoch, from_offset", (name,)).fetchall()

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)$", self.node.get("/metrics").text, re.MULTILINE).group(1))

    def command(self, *words, lines=None):
        call = [program("roost"), "--server", f"unix:{self.node.socket_path}", "search", *words]
        if lines:  # on a terminal
            call = ["script", "-qec", subprocess.list2cmdline(call), "/dev/null"]
        return subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    def test_a_shell_is_searched_command_by_command(self):
        first = self.node.new(["bash"], title="build")["id"]
        second = self.node.new(["bash"], title="other")["id"]
        self.run_in(first, "echo Apfel Birne; printf '\\033[31mcherry\\033[0mtree\\n'")
        self.run_in(first, "ls /no/such/folder")
        self.run_in(first, "for i in 1 2 3; do printf \"$i percent\\r\"; done; echo 'all done   '")
        by_word = self.found("birne", session=first)
        # Only now: what is read in one go has the same time.
        self.run_in(second, "echo Birne Apfel; (exit 7)")
        self.run_in(second, "true the last")

        self.assertEqual(len(by_word), 1)
        hit = by_word[0]
        self.assertEqual((hit["session"], hit["title"], hit["exit_status"]), (first, "build", 0))
        self.assertTrue(hit["command"].startswith("echo Apfel Birne; printf"), hit)
        self.assertIn("\nApfel Birne\ncherrytree\n", self.text_of(hit))
        self.assertEqual(set(self.matches(hit)), {"Birne"})
        self.assertEqual(hit["epoch"], self.node.session(first)["epoch"])
        self.assertEqual(hit["node"], self.node.get("/history?limit=1").json()["sessions"][0]["node"])
        # The offsets are those of the output.
        begin, out, _ = self.node.output(first)
        self.assertIn(b"Apfel Birne\r\n", out[hit["from_offset"] - begin:hit["to_offset"] - begin])
        self.assertNotIn(b"/no/such", out[hit["from_offset"] - begin:hit["to_offset"] - begin])

        self.found("birne", session=second)
        both = self.hits("BIRNE apfel")
        self.assertEqual([each["session"] for each in both], [second, first], "newest first")
        self.assertEqual([each["session"] for each in self.hits('"birne apfel"')], [second], "a phrase")
        self.assertEqual([each["session"] for each in self.hits("cherry*")], [first], "a prefix")
        self.assertEqual(self.hits("cherry"), [])
        self.assertEqual([each["exit_status"] for each in self.hits('"no such file"')], [2])
        self.assertEqual([each["command"] for each in self.hits("apfel", command="(exit")], ["echo Birne Apfel; (exit 7)"])
        self.assertEqual([each["session"] for each in self.hits("apfel", exit_status=7)], [second])
        self.assertEqual(self.hits("apfel", exit_status=8), [])
        progress = self.found("done", session=first)[0]
        self.assertIn("\nall done\n", self.text_of(progress), "the last state of a line")
        # By time: each hit's own is the border.
        newer, older = both
        self.assertLessEqual(older["at"], newer["at"])
        self.assertEqual([each["session"] for each in self.hits("birne", from_=newer["at"])], [second] if older["at"] < newer["at"] else [second, first])
        self.assertEqual([each["session"] for each in self.hits("birne", before=newer["at"])], [first] if older["at"] < newer["at"] else [])
        self.assertEqual(self.hits("birne", before="2020-01-01T00:00:00Z"), [])
        # Page by page.
        page = self.ask("birne", limit=1).json()
        self.assertEqual([each["session"] for each in page["hits"]], [second])
        page = self.ask("birne", limit=1, cursor=page["next"]).json()
        self.assertEqual(([each["session"] for each in page["hits"]], page["next"]), ([first], None))

        # By the command.
        done = self.command("birne", "--session", "build")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout.split("\n")[0], rf"^{first}  build  \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d  exit 0  echo Apfel Birne; ")
        self.assertIn("\n    Apfel Birne\n", done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        done = self.command("no such file", "--status", "2", "--command", "ls", "--since", "1h", "--limit", "1", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["hits"]), (0, self.hits('"no such file"')))
        self.assertIn("\x1b[1mBirne\x1b[0m", self.command("birne", lines=True).stdout)
        done = self.command("rhubarb")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", ""))
        self.assertIn("there is more", self.command("birne", "--limit", "1").stderr)
        # A session that is forgotten is found by its id, and its recording is there.
        self.assertEqual(self.node.delete(f"/sessions/{second}?now=1").status, 202)
        self.node.wait_for(second, exit=True)
        self.assertEqual(self.node.delete(f"/sessions/{second}").status, 200)
        done = self.command("birne", "--session", second)
        self.assertEqual(done.returncode, 0, done)

    def test_who_may_ask_what(self):
        for bad, name in (("...", "a word"), ("x" * 600, "512")):
            answer = self.ask(bad)
            self.assertEqual((answer.status, answer.problem), (400, "bad-value"))
            self.assertIn(name, answer.json()["detail"])
        for more in ({"limit": 0}, {"limit": 201}, {"exit_status": "x"}, {"from_": "yesterday"}, {"scope": "world"}, {"cursor": "x"}):
            self.assertEqual(self.ask("word", **more).status, 400, more)
        mine, other = (self.node.new(["sh", "-c", "echo common words"])["id"] for _ in range(2))
        for name in (mine, other):
            self.found("common", session=name)
        token = self.node.token_for("viewer", session=mine)
        self.assertEqual([hit["session"] for hit in self.ask("common", token=token).json()["hits"]], [mine])
        self.assertEqual(self.ask("common", token=token, session=other).status, 403)
        self.assertEqual(self.ask("common", token="wrong").status, 401)
        self.assertEqual(len(self.hits("common", scope="all")), 2)

    def test_neither_secrets_nor_what_is_not_recorded(self):
        shell = self.node.new(["bash"])["id"]
        self.run_in(shell, "echo my password is hunter2 and \"hunt\"\"er33\"")
        self.run_in(shell, "echo -e '\\033]0;hunter4\\007' end of secrets")
        unseen = self.node.new(["sh", "-c", "echo unrecorded password"], record=False)["id"]
        self.node.wait_for(unseen, exit=True)
        hit = self.found("password")[0]
        self.assertIn("my password is ******* and ********\n", self.text_of(hit))
        self.found("secrets")
        for secret in ("hunter2", "hunter33", "hunter4", "hunter*"):
            self.assertEqual(self.hits(secret), [], secret)
        self.assertEqual(self.hits("password", command="hunter2"), [])
        self.assertEqual(self.hits("unrecorded"), [])
        self.assertEqual(self.pieces(unseen), [])

    def test_after_kills_everything_is_found_once(self):
        script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo needle$i of three thousand; [ $((i % 100)) -eq 0 ] && sleep 0.1; done; sleep 1; exit 0"
        ledger = self.node.new(["bash", "-c", script], title="ledger")["id"]
        shell = self.node.new(["bash"])["id"]
        serial = 0
        for at in sorted(CHANCE.sample(range(300, 2800), 3)):
            self.node.wait_for(ledger, text=f"needle{at} ")
            for _ in range(3):
                serial += 1
                self.run_in(shell, f"echo straw{serial}; (exit {serial})")
            # Something unfinished, too; the kill finds some of it written and some not.
            serial += 1
            self.node.type(shell, {"text": f"echo straw{serial}; read -rt 2 x; (exit {serial})\n"})
            if CHANCE.random() < 0.3:
                self.assertEqual(self.node.terminate(), 0)
                self.node.start()
            else:
                self.node.restart()
            self.node.post(f"/sessions/{shell}/wait", {"command": True, "timeout_ms": 20000})
        self.node.wait_for(ledger, exit=True)

        def lines(name):
            return [line for piece in self.pieces(name) for line in piece[4].split("\n")]

        wanted = [f"needle{i} of three thousand" for i in range(1, 3001)]
        wait_until(lambda: wanted[-1] in lines(ledger), "the end is written down", 30)
        got = [line for line in lines(ledger) if line]
        self.assertEqual(got, wanted)
        ends = [piece[1] for piece in self.pieces(ledger)]
        begins = [piece[0] for piece in self.pieces(ledger)]
        self.assertTrue(all(end <= begin for end, begin in zip(ends, begins[1:])), "no piece lies in another one")
        for i in CHANCE.sample(range(1, 3001), 20):
            self.assertEqual(len(self.hits(f"needle{i}")), 1, i)
        for i in range(1, serial + 1):
            hits = self.found(f"straw{i}", session=shell, exit_status=i)
            self.assertEqual(len(self.hits(f"straw{i}")), 1, (i, hits))
            self.assertIn(f"(exit {i})", hits[0]["command"])
        self.assertEqual(self.metric("roost_search_skipped_bytes_total"), 0)

    def test_a_flood_is_no_brake_and_drives_nothing_out(self):
        size = 300_000
        name = self.node.new(["sh", "-c", f"seq -f 'flood %.0f of many lines of text that are found or not' {size}; echo the flood is over"])["id"]
        begin = time.monotonic()
        self.node.wait_for(name, exit=True)
        quick = time.monotonic() - begin
        self.found('"flood 17 of"')
        wait_until(lambda: [row for row in self.node.get("/history").json()["sessions"] if row["id"] == name and row["state"] == "exited"],
                   "its end is written down", 30)
        wait_until(lambda: self.metric("roost_archive_waiting") == 0, "all is written", 60)
        lost, skipped, dropped = (self.metric(f"roost_{each}_total") for each in ("recording_lost_bytes", "search_skipped_bytes", "archive_dropped"))
        numbers = [int(n) for piece in self.pieces(name) for n in re.findall(r"^flood (\d+) of", piece[4], re.MULTILINE)]
        self.assertEqual(len(numbers), len(set(numbers)), "no line twice")
        self.assertEqual(numbers, sorted(numbers))
        print(f"flood: over after {quick:.2f} s; of {size} lines {len(numbers)} are found; {lost:.0f} bytes not recorded, {skipped:.0f} of text skipped")
        self.assertGreater(len(numbers), 50_000)
        if dropped == skipped == 0:
            # Only what the recording has lost is missing: two lines at each gap are cut.
            self.assertAlmostEqual(len(numbers), size - lost / 57, delta=size / 20)
