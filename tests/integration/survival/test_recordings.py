"""What is recorded of a session: as asciinema sees it, without its secrets, over crashes and through floods."""
import json
import os
import re
import subprocess
import time
import unittest

import roost
from node import Node
from roost import wait_until

CONFIG = """
log: {level: warn}
recording: {redact: ['hunter[0-9]+', 'token=\\S+']}
"""
SECRET = "hunter2"


def program(name):
    """The command beside the server under test."""
    return os.path.join(os.path.dirname(os.path.dirname(roost.program())), name, name)


class Recordings(unittest.TestCase):
    def setUp(self):
        self.node = Node(CONFIG)
        self.addCleanup(self.node.stop)

    def get(self, name, shape, **more):
        return self.node.get(f"/sessions/{name}/recording?format={shape}", **more)

    def recording(self, name, shape="asciicast-v2", until=None):
        """The recording, once the archive has what `until` looks for in it: chunks are made every few seconds."""
        def look():
            answer = self.get(name, shape)
            found = answer.text if answer.status == 200 else ""
            return found if found and (until is None or until(found)) else None
        return wait_until(look, f"{name} is recorded as {shape}", 30)

    def over(self, name, shape="asciicast-v2"):
        """The whole recording of a session whose program has ended."""
        self.node.wait_for(name, exit=True)
        cast = self.recording(name, "asciicast-v3", lambda text: re.search(r',"x","\d+"\]\n$', text))
        return cast if shape == "asciicast-v3" else self.recording(name, shape)

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)$", self.node.get("/metrics").text, re.MULTILINE).group(1))

    def command(self, *words):
        return subprocess.run([program("roost"), "--server", f"unix:{self.node.socket_path}", *words], capture_output=True, timeout=60, check=False)

    @staticmethod
    def events(cast, version):
        """(header, events): each event with its time since the beginning."""
        lines = [json.loads(line) for line in cast.splitlines() if not line.startswith("#")]
        events, now = [], 0.0
        for at, code, data in lines[1:]:
            now = at if version == 2 else now + at
            events.append((now, code, data))
        return lines[0], events

    def test_a_shell_with_a_resize_and_an_exit(self):
        session = self.node.new(["bash", "--norc"], cols=80, rows=24, title="build")
        self.assertTrue(session["record"])
        name = session["id"]
        self.node.type(name, {"text": "echo first-$((40+2)); stty size\n"})
        self.node.wait_for(name, text="24 80")
        self.assertEqual(self.node.post(f"/sessions/{name}/resize", {"cols": 100, "rows": 30}).status, 200)
        self.node.type(name, {"text": "stty size; echo password hunter2 hunter77; printf '\\033[31mtoken=\\033[1mabc\\033[0m\\n'; exit 3\n"})
        v3 = self.over(name, "asciicast-v3")
        header, events = self.events(v3, 3)
        self.assertEqual((header["version"], header["term"]["cols"], header["term"]["rows"]), (3, 80, 24))
        self.assertEqual((header["command"], header["title"]), ("bash --norc", "build"))
        self.assertEqual(events[-1][1:], ("x", "3"))
        codes = [(code, data) for _, code, data in events]
        self.assertIn(("r", "100x30"), codes)
        before = "".join(data for code, data in codes[:codes.index(("r", "100x30"))] if code == "o")
        after = "".join(data for code, data in codes[codes.index(("r", "100x30")):] if code == "o")
        self.assertIn("24 80", before)
        self.assertIn("30 100", after)

        v2 = self.recording(name, "asciicast-v2")
        path = os.path.join(self.node.folder, "v2.cast")
        with open(path, "w", encoding="utf-8") as file:
            file.write(v2)
        # It insists on a terminal of its own.
        printed = subprocess.run(["script", "-qec", f"asciinema cat {path}", "/dev/null"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                                 check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout.decode()
        self.assertIn("first-42", printed)
        self.assertIn("30 100", printed)

        text = self.recording(name, "text")
        self.assertIn("\nfirst-42\n", text)
        self.assertIn("\n30 100\n", text)
        self.assertIn("password ******* ********\n", text)
        for shape in (v3, v2, text, printed):
            self.assertNotIn(SECRET, shape)
            self.assertNotIn("hunter77", shape)
            self.assertNotIn("abc", shape)

        # By the command, as a file and by title; and when the session itself is long gone.
        out = os.path.join(self.node.folder, "out.cast")
        done = self.command("record", "build", "-o", out)
        self.assertEqual(done.returncode, 0, done)
        with open(out, encoding="utf-8") as file:
            self.assertEqual(file.read(), v3)
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
        self.assertEqual(self.node.delete(f"/sessions/{name}").status, 200)
        done = self.command("record", name, "--format", "text")
        self.assertEqual((done.returncode, done.stdout.decode()), (0, text))

    def test_whether_a_session_is_recorded_is_its_own_matter(self):
        session = self.node.new(["cat"], record=False)
        name = session["id"]
        self.assertFalse(session["record"])
        self.node.type(name, {"text": "unseen\n"})
        self.node.wait_for(name, text="unseen")
        loud = self.node.new(["sh", "-c", "echo loud"])["id"]
        self.over(loud)
        answer = self.get(name, "text")
        self.assertEqual((answer.status, answer.problem), (404, "not-found"))
        self.assertIn("not asked to be recorded", answer.json()["detail"])
        self.assertEqual(self.node.call("PATCH", f"/sessions/{name}", {"record": True}).json()["record"], True)
        self.node.type(name, {"text": "seen\n"})
        text = self.recording(name, "text", lambda text: "seen" in text)
        self.assertNotIn("unseen", text)
        self.assertEqual(self.node.call("PATCH", f"/sessions/{name}", {"record": False}).json()["record"], False)

    def test_what_cannot_be_had(self):
        answer = self.get("nobody", "text")
        self.assertEqual((answer.status, answer.problem), (404, "no-such-session"))
        answer = self.get("nobody", "gif")
        self.assertEqual((answer.status, answer.problem), (400, "bad-value"))
        self.assertIn("asciicast-v3, asciicast-v2 or text", answer.json()["detail"])
        mine, other = (self.node.new(["sh", "-c", "echo hello"])["id"] for _ in range(2))
        self.over(mine)
        self.over(other)
        token = self.node.token_for("viewer", session=mine)
        self.assertEqual(self.get(mine, "text", token=token).status, 200)
        self.assertEqual(self.get(other, "text", token=token).status, 403)

    def test_a_wrong_pattern_is_refused_with_its_place(self):
        with open(os.path.join(self.node.folder, "wrong.yaml"), "w", encoding="utf-8") as file:
            file.write("recording: {redact: [fine, '(']}\n")
        done = subprocess.run([roost.program(), "--listen", "127.0.0.1:0", "--data-dir", os.path.join(self.node.folder, "other"), "--config", file.name],
                              capture_output=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn(b"recording.redact[1]", done.stderr)

    def test_a_killed_server_loses_no_byte(self):
        script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line-$i; [ $((i % 100)) -eq 0 ] && sleep 0.1; done; sleep 1; exit 0"
        name = self.node.new(["bash", "-c", script], title="ledger")["id"]
        for at in (400, 1300, 2200):
            self.node.wait_for(name, text=f"line-{at}")
            if at == 1300:
                self.assertEqual(self.node.terminate(), 0)  # what an orderly end writes down goes on, too
                self.node.start()
            else:
                self.node.restart()
        text = self.over(name, "text")
        self.assertEqual(re.findall(r"line-(\d+)", text), [str(i) for i in range(1, 3001)])
        self.assertNotIn("not recorded", text)

    def test_a_flood_is_a_gap_of_its_size_and_no_brake(self):
        size = 40_000_000
        times = []
        for is_recorded in (False, True):
            name = self.node.new(["sh", "-c", f"head -c {size} /dev/zero | tr '\\0' x; printf '\\nend\\n'"], record=is_recorded)["id"]
            begin = time.monotonic()
            self.node.wait_for(name, exit=True)
            times.append(time.monotonic() - begin)
        v3 = self.over(name, "asciicast-v3")
        _, events = self.events(v3, 3)
        written = sum(len(data) for _, code, data in events if code == "o")
        gaps = [int(match.group(1)) for _, code, data in events if code == "m" for match in [re.match(r"(\d+) bytes were not recorded", data)] if match]
        total = self.node.get(f"/sessions/{name}").json()["offset"]
        self.assertTrue(gaps)
        self.assertEqual(self.metric("roost_recording_lost_bytes_total"), sum(gaps))
        self.assertGreater(self.metric("roost_recording_chunks_total"), 1)
        self.assertEqual(self.metric("roost_recording_sessions"), 0)
        self.assertEqual(written + sum(gaps), total, (written, gaps, total))
        print(f"flood: {times[0]:.2f} s without, {times[1]:.2f} s with a recording; {written} bytes recorded, gaps {gaps}")
        self.assertLess(times[1], 2 * times[0] + 1)
