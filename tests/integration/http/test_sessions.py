"""/sessions: life, typing, reading, waiting."""
import time
import unittest

import roost
from roost import wait_until


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = roost.shared()

    def setUp(self):
        self.addCleanup(self.server.clear)

    def shell(self, **fields):
        """A bash with shell integration that is at its prompt."""
        session = self.server.new(["bash"], **fields)
        wait_until(lambda: self.describe(session)["shell"]["prompt"], "the shell shows its prompt")
        return session

    def describe(self, session):
        return self.server.get(f"/sessions/{session['id']}").json()

    def test_a_session_has_every_documented_field(self):
        answer = self.server.post("/sessions", {"command": ["sleep", "100"], "cols": 100, "rows": 30, "title": "nap", "cwd": "/tmp",
                                                "env": {"A": "1"}, "sandbox": "none", "record": False, "size_policy": "smallest"})
        self.assertEqual(answer.status, 201)
        session = answer.json()
        self.assertEqual(answer.headers["location"], f"/api/v1/sessions/{session['id']}")
        self.assertRegex(answer.headers["x-correlation-id"], r"^[0-9a-f]{32}$")
        self.assertEqual(set(session), {"id", "title", "node", "state", "command", "cwd", "pid", "cols", "rows", "created_at",
                                        "exited_at", "exit_status", "signal", "end_reason", "epoch", "offset", "viewers", "holder", "size_policy",
                                        "sandbox", "run_as", "limits", "restart", "record", "agent", "shell", "usage"})
        self.assertEqual(set(session["shell"]), {"cwd", "prompt", "running", "last_exit_status"})
        self.assertRegex(session["id"], r"^[a-z0-9]{1,32}$")
        self.assertRegex(session["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        for field, value in {"title": "nap", "state": "running", "command": ["sleep", "100"], "cwd": "/tmp", "cols": 100, "rows": 30,
                             "exited_at": None, "exit_status": None, "signal": None, "viewers": 0, "holder": None,
                             "sandbox": "none", "run_as": roost.own_user(), "limits": [], "record": False, "agent": None, "size_policy": "smallest"}.items():
            self.assertEqual(session[field], value, field)
        self.assertGreater(session["pid"], 1)
        self.assertEqual(self.server.get("/status").json()["node"], session["node"])

    def test_no_body_asks_for_the_users_shell(self):
        answer = self.server.post("/sessions")
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual((answer.json()["cols"], answer.json()["rows"]), (80, 24))

    def test_environment_cwd_and_size_reach_the_program(self):
        session = self.server.new(["sh", "-c", "echo $GREETING $TERM $ROOST_SESSION_ID; pwd; stty size"], cwd="/usr", cols=91, rows=17,
                                  env={"GREETING": "hello"})
        self.server.post(f"/sessions/{session['id']}/wait", {"exit": True})
        text = self.server.get(f"/sessions/{session['id']}/screen").text
        self.assertIn("hello xterm-256color " + session["id"], text)
        self.assertIn("/usr\n", text)
        self.assertIn("17 91", text)

    def test_list_shows_the_oldest_first(self):
        ids = [self.server.new(["sleep", "100"])["id"] for _ in range(3)]
        self.assertEqual([s["id"] for s in self.server.get("/sessions").json()["sessions"]], ids)

    def test_each_listed_sandbox_can_be_had(self):
        profiles = self.server.get("/sandboxes").json()["sandboxes"]
        self.assertEqual([p["name"] for p in profiles], ["none", "workspace", "isolated"])
        for profile in profiles:
            self.assertEqual((profile["available"], profile["why_not"]), (True, None))
            if profile["name"] not in roost.sandboxes():
                continue
            session = self.server.new(["sleep", "100"], sandbox=profile["name"], cwd=self.server.folder)
            self.assertEqual(session["sandbox"], profile["name"])

    def test_profiles_of_the_configuration_are_listed(self):
        server = roost.own(self, "terminals: {sandbox: {default: ci, profiles: {ci: {base: isolated, network: keep, writable: [~/out]}}}}\n")
        ci = server.get("/sandboxes").json()["sandboxes"][3]
        self.assertEqual({k: ci[k] for k in ("name", "base", "network", "home", "seccomp", "writable", "default")},
                         {"name": "ci", "base": "isolated", "network": "keep", "home": "hide", "seccomp": "strict", "writable": ["~/out"], "default": True})

    def test_title_and_size_policy_can_be_changed(self):
        session = self.server.new(["sleep", "100"])
        changed = self.server.call("PATCH", f"/sessions/{session['id']}", {"title": "neu ✓", "size_policy": "manual"})
        self.assertEqual((changed.status, changed.json()["title"], changed.json()["size_policy"]), (200, "neu ✓", "manual"))
        self.assertEqual(self.describe(session)["title"], "neu ✓")

    def test_exit_status_and_signal_are_kept(self):
        one = self.server.new(["sh", "-c", "exit 7"])
        two = self.server.new(["sh", "-c", "kill -9 $$"])
        for session in (one, two):
            done = self.server.post(f"/sessions/{session['id']}/wait", {"exit": True, "timeout_ms": 10000}).json()
            self.assertTrue(done["met"])
            self.assertEqual(done["reason"], "exited")
        one, two = self.describe(one), self.describe(two)
        self.assertEqual((one["state"], one["exit_status"], one["signal"]), ("exited", 7, None))
        self.assertEqual((two["state"], two["exit_status"], two["signal"]), ("exited", None, 9))
        self.assertIsNotNone(one["exited_at"])

    def test_delete_ends_then_forgets(self):
        session = self.server.new(["sh", "-c", "trap 'exit 5' HUP; while :; do sleep 0.1; done"])
        path = f"/sessions/{session['id']}"
        time.sleep(0.2)  # The trap must be set; nothing outside the program shows when.
        self.assertEqual(self.server.delete(path).status, 202)
        self.assertTrue(self.server.post(path + "/wait", {"exit": True, "timeout_ms": 10000}).json()["met"])
        self.assertEqual(self.describe(session)["exit_status"], 5, "the ladder begins with SIGHUP")
        self.assertEqual(self.server.delete(path).status, 200)
        self.assertEqual(self.server.get(path).problem, "no-such-session")

    def test_delete_now_does_not_wait_for_the_program(self):
        session = self.server.new(["sh", "-c", "trap '' HUP TERM; while :; do sleep 0.1; done"])
        path = f"/sessions/{session['id']}"
        self.assertEqual(self.server.delete(path + "?now=1").status, 202)
        self.assertTrue(self.server.post(path + "/wait", {"exit": True, "timeout_ms": 5000}).json()["met"])
        self.assertEqual(self.describe(session)["signal"], 9)

    # ---- typing ----

    def test_text_keys_and_bytes_are_typed(self):
        session = self.server.new(["cat", "-v"])
        path = f"/sessions/{session['id']}"
        self.assertEqual(self.server.post(path + "/input", {"text": "grüße"}).json(), {"bytes": 7})
        self.assertEqual(self.server.post(path + "/input", {"keys": ["Enter"]}).status, 202)
        self.assertEqual(self.server.post(path + "/input", {"text": "a", "keys": ["b", "Enter"]}).status, 202)
        self.assertEqual(self.server.post(path + "/input", b"raw\n").json(), {"bytes": 4})
        self.assertEqual(self.server.post(path + "/input", b"").status, 202)
        for wanted in ("grüße", "ab", "raw"):
            self.assertTrue(self.server.post(path + "/wait", {"text": wanted, "timeout_ms": 5000}).json()["met"], wanted)
        self.server.post(path + "/input", {"keys": ["C-d"]})
        self.assertTrue(self.server.post(path + "/wait", {"exit": True, "timeout_ms": 5000}).json()["met"])

    def test_input_to_an_ended_session_is_refused(self):
        session = self.server.new(["true"])
        self.server.post(f"/sessions/{session['id']}/wait", {"exit": True})
        answer = self.server.post(f"/sessions/{session['id']}/input", {"text": "x"})
        self.assertEqual((answer.status, answer.problem), (409, "session-ended"))

    def test_input_that_nobody_reads_is_bounded(self):
        session = self.server.new(["sh", "-c", "stty raw -echo; exec sleep 100"])
        path = f"/sessions/{session['id']}/input"
        answers = []
        for _ in range(8):
            answers.append(self.server.post(path, b"x" * (1 << 20)))
            if answers[-1].status != 202:
                break
        self.assertEqual((answers[-1].status, answers[-1].problem), (429, "input-overflow"))

    def test_a_command_is_waited_for(self):
        session = self.shell()
        path = f"/sessions/{session['id']}/input?wait=command"
        for text, status, output in (("echo one; echo two", 0, "one\ntwo"), ("(exit 3)", 3, ""), ("false\n", 1, ""),
                                     ("cd /usr && pwd", 0, "/usr")):
            answer = self.server.post(path, {"text": text})
            self.assertEqual(answer.status, 200, answer)
            done = answer.json()
            self.assertEqual((done["finished"], done["exit_status"], done["output"].strip(), done["truncated"]),
                             (True, status, output, False), text)
            self.assertIsInstance(done["duration_ms"], int)
        self.assertEqual(self.describe(session)["shell"]["last_exit_status"], 0)
        wait_until(lambda: self.describe(session)["shell"]["cwd"] == "/usr", "the next prompt tells the folder")

    def test_a_command_that_takes_too_long_is_not_finished(self):
        session = self.shell()
        started = time.monotonic()
        answer = self.server.post(f"/sessions/{session['id']}/input?wait=command&timeout_ms=300", {"text": "echo begun; sleep 30"})
        self.assertLess(time.monotonic() - started, 5)
        done = answer.json()
        self.assertEqual((answer.status, done["finished"], done["exit_status"]), (200, False, None))
        wait_until(lambda: b"C\x07begun\r\n" in self.server.get(f"/sessions/{session['id']}/output").body, "it goes on")
        busy = self.server.post(f"/sessions/{session['id']}/input?wait=command", {"text": "true"})
        self.assertEqual((busy.status, busy.problem), (409, "command-running"))
        self.assertEqual(self.describe(session)["shell"]["running"], "echo begun; sleep 30")

    def test_a_program_that_is_no_shell_reports_no_commands(self):
        session = self.server.new(["cat"])
        answer = self.server.post(f"/sessions/{session['id']}/input?wait=command&timeout_ms=300", {"text": "true"})
        self.assertEqual((answer.status, answer.problem), (409, "no-shell-integration"))

    def test_resize_reaches_the_program(self):
        session = self.server.new(["sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"])
        path = f"/sessions/{session['id']}"
        self.server.post(path + "/wait", {"text": "ready"})
        answer = self.server.post(path + "/resize", {"cols": 133, "rows": 44})
        self.assertEqual((answer.status, answer.json()["cols"], answer.json()["rows"]), (200, 133, 44))
        self.assertTrue(self.server.post(path + "/wait", {"text": "44 133", "timeout_ms": 5000}).json()["met"])

    # ---- reading ----

    def test_the_screen_in_three_formats(self):
        session = self.server.new(["sh", "-c", r"printf '\033]2;my title\007\033[31mred\033[0m\r\nplain \342\202\254'; exec sleep 100"])
        path = f"/sessions/{session['id']}"
        self.server.post(path + "/wait", {"text": "plain", "timeout_ms": 5000})
        self.server.post(path + "/wait", {"idle_ms": 100, "timeout_ms": 5000})
        text = self.server.get(path + "/screen")
        self.assertEqual(text.headers["content-type"], "text/plain; charset=utf-8")
        self.assertEqual(text.text.rstrip("\n"), "red\nplain €")
        self.assertGreater(int(text.headers["x-roost-offset"]), 0)
        ansi = self.server.get(path + "/screen?format=ansi")
        self.assertIn("\x1b[", ansi.text)
        self.assertIn("red", ansi.text)
        view = self.server.get(path + "/screen?format=json").json()
        self.assertEqual(set(view), {"cols", "rows", "cursor", "title", "alternate", "offset", "lines"})
        self.assertEqual((view["cols"], view["rows"], view["alternate"], view["title"]), (80, 24, False, "my title"))
        self.assertEqual(view["cursor"], {"row": 1, "col": 7, "visible": True})
        self.assertEqual([line.rstrip() for line in view["lines"][:2]], ["red", "plain €"])

    def test_output_by_offset(self):
        session = self.server.new(["sh", "-c", "stty raw; printf 0123456789"])
        path = f"/sessions/{session['id']}"
        self.server.post(path + "/wait", {"exit": True})
        whole = self.server.get(path + "/output")
        self.assertEqual(whole.headers["content-type"], "application/octet-stream")
        self.assertEqual(whole.body, b"0123456789")
        self.assertEqual(whole.headers["x-roost-offset"], "0")
        self.assertEqual(whole.headers["x-roost-end"], "10")
        self.assertEqual(whole.headers["x-roost-epoch"], self.describe(session)["epoch"])
        self.assertNotIn("x-roost-gap", whole.headers)
        part = self.server.get(path + "/output?since=3&limit=4")
        self.assertEqual((part.body, part.headers["x-roost-offset"]), (b"3456", "3"))
        end = self.server.get(path + "/output?since=10")
        self.assertEqual((end.status, end.body, end.headers["x-roost-offset"]), (200, b"", "10"))

    def test_output_that_is_gone_is_a_gap(self):
        session = self.server.new(["sh", "-c", "stty raw; head -c 6000000 /dev/zero | tr '\\0' 'a'; printf END"])
        path = f"/sessions/{session['id']}"
        self.assertTrue(self.server.post(path + "/wait", {"exit": True, "timeout_ms": 60000}).json()["met"])
        answer = self.server.get(path + "/output?since=5&limit=16777216")
        offset = int(answer.headers["x-roost-offset"])
        self.assertEqual(int(answer.headers["x-roost-gap"]), offset - 5)
        self.assertEqual(offset + len(answer.body), 6000003)
        self.assertTrue(answer.body.endswith(b"aEND"))
        self.assertGreaterEqual(len(answer.body), 3 << 20)

    # ---- waiting ----

    def test_waits_for_text_regex_idle_and_exit(self):
        session = self.server.new(["sh", "-c", "echo first; sleep 0.3; echo second 42; sleep 0.6; exit 3"])
        path = f"/sessions/{session['id']}/wait"
        text = self.server.post(path, {"text": "first", "timeout_ms": 5000}).json()
        self.assertEqual((text["met"], text["reason"]), (True, "matched"))
        regex = self.server.post(path, {"regex": r"second \d+", "timeout_ms": 5000}).json()
        self.assertEqual((regex["met"], regex["reason"]), (True, "matched"))
        self.assertGreater(regex["offset"], text["offset"])
        idle = self.server.post(path, {"idle_ms": 200, "timeout_ms": 5000}).json()
        self.assertEqual((idle["met"], idle["reason"]), (True, "idle"))
        ended = self.server.post(path, {"exit": True, "timeout_ms": 5000}).json()
        self.assertEqual((ended["met"], ended["reason"], ended["exit_status"]), (True, "exited", 3))

    def test_a_wait_that_is_not_met_says_so_in_time(self):
        session = self.server.new(["sleep", "100"])
        started = time.monotonic()
        answer = self.server.post(f"/sessions/{session['id']}/wait", {"text": "never", "timeout_ms": 200})
        self.assertLess(time.monotonic() - started, 3)
        self.assertEqual((answer.status, answer.json()["met"], answer.json()["reason"]), (200, False, "timeout"))

    def test_since_passes_over_old_text(self):
        session = self.server.new(["sh", "-c", "echo word; sleep 100"])
        path = f"/sessions/{session['id']}/wait"
        found = self.server.post(path, {"text": "word", "timeout_ms": 5000}).json()
        again = self.server.post(path, {"text": "word", "since": found["offset"], "timeout_ms": 200}).json()
        self.assertFalse(again["met"])

    def test_waits_for_a_command_typed_by_somebody(self):
        session = self.shell()
        path = f"/sessions/{session['id']}"
        self.server.post(path + "/input", {"text": "sleep 2; (exit 4)", "keys": ["Enter"]})
        done = self.server.post(path + "/wait", {"command": True, "timeout_ms": 5000}).json()
        self.assertEqual((done["met"], done["reason"], done["exit_status"]), (True, "command_ended", 4))

    def test_a_slow_wait_delays_no_other_request(self):
        session = self.server.new(["sleep", "100"])
        import threading
        waiting = threading.Thread(target=lambda: self.server.post(f"/sessions/{session['id']}/wait", {"text": "never", "timeout_ms": 3000}))
        waiting.start()
        slowest = 0
        for _ in range(20):
            started = time.monotonic()
            self.assertEqual(self.server.get(f"/sessions/{session['id']}").status, 200)
            slowest = max(slowest, time.monotonic() - started)
        waiting.join()
        self.assertLess(slowest, 1.5)

    def test_bytes_that_are_not_text_do_not_break_answers(self):
        session = self.server.new(["sh", "-c", r"printf '\377\300\033]2;t\377\007\r\nend'; exec sleep 100"])
        path = f"/sessions/{session['id']}"
        self.assertTrue(self.server.post(path + "/wait", {"text": "end", "timeout_ms": 5000}).json()["met"])
        self.assertEqual(self.server.get(path).status, 200)
        self.server.get(path).json()
        self.server.get(path + "/screen?format=json").json()
        self.server.get(path + "/screen").body.decode("utf-8")


if __name__ == "__main__":
    unittest.main()
