"""Sessions as other users than the server's. As root all of it is tried, as anybody else that it is refused."""
import json
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import unittest

import client
import node
import process
from keeper import is_alive, tree_of
from roost import own_user, program, sandboxes, wait_until

IS_ROOT = os.geteuid() == 0
# Of every Debian: who has a home, who has none, and who is not allowed.
DEFAULT, OTHER, STRANGER = "games", "nobody", "daemon"
USERS = node.CONFIG + f"terminals: {{run_as: {{default: {DEFAULT}, allowed: [{OTHER}]}}}}\n"
OWN = own_user()


def refused_at_start(config):
    """What a roostd with this configuration says when it does not start."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "roost.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config)
        done = subprocess.run([program(), "--listen", "127.0.0.1:0", "--data-dir", folder + "/data", "--config", path],
                              capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 78, done
        return done.stderr.replace(path, "roost.yaml")


class Anybody(unittest.TestCase):
    """What holds whoever runs the server."""

    def make(self, config=node.CONFIG):
        one = node.Node(config)
        self.addCleanup(one.stop)
        return one

    def test_without_configuration_sessions_run_as_the_server(self):
        one = self.make()
        session = one.new(["sleep", "600"])
        self.assertEqual(session["run_as"], OWN)
        self.assertEqual(os.stat(f"/proc/{session['pid']}").st_uid, os.geteuid())
        self.assertEqual(one.new(["true"], run_as=OWN)["run_as"], OWN)
        answer = one.post("/sessions", {"command": ["true"], "run_as": STRANGER})
        self.assertEqual((answer.status, answer.problem), (403, "run-as-refused"))
        self.assertIn("root does not run this server" if not IS_ROOT else "terminals.run_as.allowed", answer.text)
        self.assertEqual("sessions run as root" in one.log(), IS_ROOT, "said once, where it is so")

    def test_a_user_that_cannot_be(self):
        text = refused_at_start("terminals:\n  run_as:\n    default: no-such-user\n")
        self.assertIn("roost.yaml:3:5: terminals.run_as.default: ", text)
        self.assertIn("no user 'no-such-user'" if IS_ROOT else "run it as root", text)
        text = refused_at_start(f"terminals:\n  run_as:\n    allowed: [{OTHER}]\n")
        self.assertIn("roost.yaml:3:5: terminals.run_as.allowed: ", text)
        self.assertIn("say in terminals.run_as.default" if IS_ROOT else "run it as root", text)

    def test_tokens_of_users_that_are_not_allowed(self):
        one = self.make()
        answer = one.post("/tokens", {"role": "operator", "run_as": STRANGER})
        self.assertEqual((answer.status, answer.problem), (403, "run-as-refused"))
        answer = one.post("/tokens", {"role": "admin", "run_as": OWN})
        self.assertEqual((answer.status, answer.problem), (400, "bad-value"))


class Root(unittest.TestCase):
    """One server of root's for all tests that do not end it."""

    @classmethod
    def setUpClass(cls):
        cls.node = node.Node(USERS)
        cls.addClassCleanup(cls.node.stop)

    def setUp(self):
        self.addCleanup(self.node.clear)

    def run_in(self, script, **fields):
        """What a program prints until its end, line by line."""
        session = self.node.new(["sh", "-c", script], **fields)
        self.node.wait_for(session["id"], exit=True)
        return self.node.output(session["id"])[1].decode().replace("\r", "").splitlines()

    def folder_of(self, user, mode=0o700):
        """A folder that belongs to a user, where others may go."""
        record = pwd.getpwnam(user)
        folder = tempfile.mkdtemp(prefix="roost-users-")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, mode)
        os.chown(folder, record.pw_uid, record.pw_gid)
        return folder

    def refused(self, status, problem, part, **fields):
        token = fields.pop("token", None)
        answer = self.node.post("/sessions", {"command": ["true"], **fields}, token=token)
        self.assertEqual((answer.status, answer.problem), (status, problem), answer)
        self.assertIn(part, answer.json()["detail"])

    # ---- who ----

    def test_uid_gid_and_groups(self):
        for user in (DEFAULT, OTHER):
            record = pwd.getpwnam(user)
            groups = sorted(os.getgrouplist(user, record.pw_gid))
            told = self.run_in("id -u; id -g; id -G; grep -E '^(Uid|Gid|CapInh|CapPrm|CapEff|CapAmb)' /proc/self/status", run_as=user)
            self.assertEqual(told[:2], [str(record.pw_uid), str(record.pw_gid)])
            self.assertEqual(sorted(int(x) for x in told[2].split()), groups)
            self.assertEqual([line.split()[1:] for line in told[3:5]], [[told[0]] * 4, [told[1]] * 4])
            self.assertEqual({line.split()[1] for line in told[5:]}, {"0" * 16})

    def test_the_default_needs_no_asking_and_every_answer_says_who(self):
        session = self.node.new(["sleep", "600"])
        self.assertEqual(session["run_as"], DEFAULT)
        self.assertEqual(self.node.session(session["id"])["run_as"], DEFAULT)
        self.assertEqual(self.node.sessions()[session["id"]]["run_as"], DEFAULT)
        self.assertEqual(os.stat(f"/proc/{session['pid']}").st_uid, pwd.getpwnam(DEFAULT).pw_uid)

    def test_who_is_not_named_is_refused(self):
        for user in (STRANGER, "root", "no-such-user", f"{OTHER} ", "65534"):
            self.refused(403, "run-as-refused", "terminals.run_as.allowed", run_as=user)
        self.assertEqual(self.node.post("/sessions", {"run_as": f"{OTHER}\0"}).status, 400)

    def test_an_operator_gets_the_default_and_an_admin_chooses(self):
        operator = self.node.token_for("operator")
        self.refused(403, "run-as-refused", "only an admin", run_as=OTHER, token=operator)
        for wish in ({}, {"run_as": DEFAULT}):
            answer = self.node.post("/sessions", {"command": ["true"], **wish}, token=operator)
            self.assertEqual((answer.status, answer.json().get("run_as")), (201, DEFAULT))
        self.assertEqual(self.node.new(["true"], run_as=OTHER)["run_as"], OTHER)

    def test_the_sessions_of_a_users_token_are_that_users(self):
        made = self.node.post("/tokens", {"role": "operator", "run_as": OTHER, "label": "theirs"}).json()
        self.assertEqual(made["run_as"], OTHER)
        rows = {row["id"]: row["run_as"] for row in self.node.get("/tokens").json()["tokens"]}
        self.assertEqual(rows[made["id"]], OTHER)
        for wish in ({}, {"run_as": OTHER}):
            answer = self.node.post("/sessions", {"command": ["sleep", "600"], **wish}, token=made["token"])
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(os.stat(f"/proc/{answer.json()['pid']}").st_uid, pwd.getpwnam(OTHER).pw_uid)
        self.refused(403, "run-as-refused", "of this token", run_as=DEFAULT, token=made["token"])

    # ---- what they find ----

    def test_the_environment_is_theirs(self):
        told = dict(line.partition("=")[::2] for line in self.run_in("env", env={"EXTRA": "1"}))
        home = pwd.getpwnam(DEFAULT)
        self.assertEqual((told["HOME"], told["USER"], told["LOGNAME"], told["SHELL"]), (home.pw_dir, DEFAULT, DEFAULT, home.pw_shell))
        self.assertEqual(told["EXTRA"], "1")
        self.assertIn("/usr/bin", told["PATH"].split(":"))
        self.assertNotIn("ROOST_SERVER", told, "they cannot reach it")
        known = {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "PWD", "TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "LANG",
                 "LANGUAGE", "TZ", "EXTRA", "ROOST_SESSION_ID", "ROOST_SHELL_INTEGRATION", "OLDPWD", "_", "SHLVL"}
        self.assertEqual({name for name in told if name not in known and not name.startswith("LC_")}, set(), "nothing of root's")

    def test_they_begin_at_home_or_where_they_asked(self):
        self.assertEqual(self.run_in("pwd"), [os.path.realpath(pwd.getpwnam(DEFAULT).pw_dir)])
        self.assertEqual(self.run_in("pwd", run_as=OTHER), ["/"], "who has no home")
        folder = self.folder_of(OTHER)
        self.assertEqual(self.run_in("pwd", run_as=OTHER, cwd=folder), [folder])
        self.refused(422, "bad-cwd", f'may not be entered; the session runs as \\"{DEFAULT}\\"'.replace("\\", ""), cwd=folder)
        self.refused(422, "bad-cwd", "may not be entered", cwd=self.node.data)

    def test_their_shell_is_the_tables(self):
        session = self.node.new()
        self.assertEqual(session["command"], [pwd.getpwnam(DEFAULT).pw_shell])

    def test_commands_are_looked_up_with_their_eyes(self):
        for mode, kind in ((0o700, "theirs"), (0o711, "open")):
            folder = self.folder_of(OTHER, mode)
            tool = os.path.join(folder, "tool")
            shutil.copy("/bin/true", tool)
            os.chmod(tool, 0o755)
            self.assertEqual(self.node.post("/sessions", {"command": [tool], "run_as": OTHER}).status, 201)
            if kind == "theirs":
                self.refused(422, "command-not-executable", f'"{tool}" may not be executed', command=[tool])
                self.refused(422, "command-not-executable", "may not be executed", command=["tool"], env={"PATH": folder})
            else:
                self.assertEqual(self.node.post("/sessions", {"command": [tool]}).status, 201)
                os.chmod(tool, 0o700)
                self.refused(422, "command-not-executable", "chmod +x", command=[tool])

    def test_the_terminal_belongs_to_them(self):
        told = self.run_in("stat -c '%U %G %a' $(tty); test -w $(tty) && echo writable; umask; ls -1 /proc/self/fd", run_as=OTHER)
        self.assertEqual(told[:3], [f"{OTHER} tty 620", "writable", "0022"])
        self.assertEqual(told[3:], ["0", "1", "2", "3"], "3 is the folder that ls reads: nothing of root's is left")

    def test_nothing_of_roots_is_open(self):
        # A program that says it is there has closed what the loader opened for it; this shell opens nothing by itself.
        session = self.node.new(["sh", "-c", "echo there; read line"], run_as=OTHER)
        self.node.wait_for(session["id"], text="there")
        found = process.descriptors(session["pid"])
        self.assertEqual(len(found), 3, found)
        self.assertTrue(all(target.startswith("/dev/pts/") for target in found), found)

    def test_the_servers_folder_is_out_of_reach(self):
        api, keeper = self.node.socket_path, os.path.join(self.node.data, "keeper", "keeper.sock")
        script = f"""
import os, socket
for path in ({self.node.data!r}, {os.path.join(self.node.data, "keeper")!r}):
    try: print(os.listdir(path))
    except OSError as e: print(e.errno)
for path, kind in (({api!r}, socket.SOCK_STREAM), ({keeper!r}, socket.SOCK_SEQPACKET)):
    try: print(socket.socket(socket.AF_UNIX, kind).connect(path))
    except OSError as e: print(e.errno)
"""
        folder = self.folder_of(OTHER, 0o755)
        os.chmod(self.node.folder, 0o755)  # what is closed is the data dir itself
        with open(os.path.join(folder, "try.py"), "w", encoding="utf-8") as file:
            file.write(script)
        self.assertEqual(self.run_in(f"/usr/bin/python3 {folder}/try.py", run_as=OTHER), ["13"] * 4)

    def test_a_shell_is_integrated(self):
        home = self.folder_of(OTHER)
        with open(os.path.join(home, ".profile"), "w", encoding="utf-8") as file:
            file.write("echo profile was read\n")
        session = self.node.new(run_as=OTHER, env={"HOME": home, "SHELL": "/bin/bash"}, cwd=home)["id"]
        answer = self.node.call("POST", f"/sessions/{session}/input?wait=command", {"text": "id -un; cd /tmp; (exit 7)"})
        self.assertEqual((answer.status, answer.json().get("exit_status"), answer.json().get("output")), (200, 7, f"{OTHER}\n"), answer)
        self.assertIn("profile was read", self.node.screen(session))
        for path, _, names in os.walk("/run/roost-shell-integration"):
            for each in [path, *(os.path.join(path, name) for name in names)]:
                self.assertEqual((os.stat(each).st_uid, stat.S_IMODE(os.stat(each).st_mode) & 0o022), (0, 0), each)

    # ---- what can be done with them ----

    def test_the_kill_ladder_reaches_all_of_it(self):
        session = self.node.new(["bash", "-c", "trap '' HUP TERM; setsid sleep 600 & sleep 600 & echo there; wait; wait"], run_as=OTHER)
        self.node.wait_for(session["id"], text="there")
        warden = next(pid for pid in tree_of(self.node.keeper_pid()) if session["pid"] in dict(process.children(pid)))
        wait_until(lambda: len(tree_of(warden)) >= 3, "all of it")
        tree = tree_of(warden)
        self.assertEqual(self.node.delete(f"/sessions/{session['id']}?now=1").status, 202)
        self.node.wait_for(session["id"], exit=True)
        self.assertEqual([pid for pid in tree if is_alive(pid)], [])
        self.assertEqual(self.node.session(session["id"])["signal"], 9)

    def test_a_signal_by_the_keyboard_and_usage(self):
        session = self.node.new(["bash", "-c", "trap 'echo caught; exit 5' INT; echo there; while :; do sleep 0.1; done"], run_as=OTHER, cwd="/tmp")
        self.node.wait_for(session["id"], text="there")
        usage = wait_until(lambda: self.node.session(session["id"])["usage"], "a sample")
        self.assertGreaterEqual(usage["processes"], 1)
        self.assertGreater(usage["memory_bytes"], 0)
        self.assertEqual(usage["cwd"], "/tmp")
        self.node.type(session["id"], b"\x03")
        self.node.wait_for(session["id"], exit=True)
        self.assertEqual(self.node.session(session["id"])["exit_status"], 5)

    def test_each_sandbox_as_that_user(self):
        record = pwd.getpwnam(OTHER)
        folder = self.folder_of(OTHER)
        os.chmod(self.node.folder, 0o755)
        script = f"""id -u; id -G; touch made && echo wrote; ls {self.node.data} 2>/dev/null | wc -l
            touch /usr/x 2>/dev/null || echo read-only; ls /proc/self/fd | tr '\\n' ' '; echo; echo $ROOST_SANDBOX; cat /etc/shadow 2>/dev/null | wc -l"""
        for profile in sandboxes():
            told = self.run_in(script, run_as=OTHER, sandbox=profile, cwd=folder)
            self.assertEqual(told[:3], [str(record.pw_uid), str(record.pw_gid), "wrote"], (profile, told))
            self.assertEqual(told[3:6], ["0", "read-only", "0 1 2 3 "], (profile, told))
            self.assertEqual(told[6:], ["" if profile == "none" else profile, "0"], (profile, told))
            made = os.path.join(folder, "made")
            self.assertEqual(os.stat(made).st_uid, record.pw_uid)
            os.unlink(made)
        shell = self.node.new(["bash"], run_as=OTHER, sandbox=sandboxes()[-1], cwd=folder)["id"]
        answer = self.node.call("POST", f"/sessions/{shell}/input?wait=command", {"text": "echo $HOME"})
        self.assertEqual((answer.status, answer.json().get("exit_status")), (200, 0), "integration in a sandbox, too")

    def test_a_project_that_is_theirs_by_a_group(self):
        """In a sandbox their groups count, too: what is open to one is not taken for closed."""
        record = pwd.getpwnam(OTHER)
        folder = self.folder_of("root", 0o770)
        os.chown(folder, 0, record.pw_gid)
        self.assertEqual(self.run_in("pwd; touch x && echo wrote", run_as=OTHER, sandbox="workspace", cwd=folder), [folder, "wrote"])

    # ---- by the command line ----

    def test_the_client(self):
        def ask(*words):
            done = client.run(*words, server=self.node, cwd="/root")
            self.assertEqual(done.status, 0, done)
            return done.out.strip()
        ids = [ask("new", "-d", "--run-as", OTHER, "sleep", "600"), ask("new", "-d", "--cwd", "~", "sleep", "600")]
        shown = {each["id"]: (each["run_as"], each["cwd"]) for each in json.loads(ask("ls", "--json"))["sessions"]}
        self.assertEqual([shown[each] for each in ids], [(OTHER, "/"), (DEFAULT, pwd.getpwnam(DEFAULT).pw_dir)])
        self.assertRegex(ask("ls"), rf"USER[\s\S]*{OTHER}")
        token = ask("token", "create", "--run-as", OTHER)
        self.assertRegex(ask("token", "list"), rf"USER[\s\S]*{OTHER}")
        done = client.run("new", "-d", "--run-as", DEFAULT, "true", "--server", f"http://127.0.0.1:{self.node.port}", ROOST_TOKEN=token,
                          server=self.node)
        self.assertEqual(done.status, 1, done)
        self.assertIn(f'run as "{OTHER}" only', done.err)

    # ---- over the server's life ----

    def test_kill_9_of_the_server(self):
        one = node.Node(USERS)
        self.addCleanup(one.stop)
        session = one.new(["sh", "-c", "read x; id -un; echo $x; sleep 600"], run_as=OTHER)
        shell = one.new(["cat"])
        one.restart()
        after = one.session(session["id"])
        self.assertEqual((after["run_as"], after["pid"], after["epoch"]), (OTHER, session["pid"], session["epoch"]))
        self.assertEqual(one.session(shell["id"])["run_as"], DEFAULT)
        one.type(session["id"], b"hello\n")
        one.wait_for(session["id"], regex=f"{OTHER}\\s+hello")
        self.assertEqual(one.delete(f"/sessions/{session['id']}").status, 202)
        one.wait_for(session["id"], exit=True)
        self.assertFalse(is_alive(session["pid"]))

    def test_a_user_who_is_allowed_no_longer(self):
        """Sessions that run stay; a token of that user starts none."""
        one = node.Node(USERS)
        self.addCleanup(one.stop)
        token = one.token_for("operator", run_as=OTHER)
        session = one.post("/sessions", {"command": ["sleep", "600"]}, token=token).json()
        one.terminate()
        with open(os.path.join(one.folder, "roost.yaml"), "w", encoding="utf-8") as file:
            file.write(node.CONFIG + f"terminals: {{run_as: {{default: {DEFAULT}}}}}\n")
        one.start()
        self.assertEqual((one.session(session["id"])["run_as"], one.session(session["id"])["state"]), (OTHER, "running"))
        answer = one.post("/sessions", {"command": ["true"]}, token=token)
        self.assertEqual((answer.status, answer.problem), (403, "run-as-refused"))

    def test_root_that_is_named(self):
        one = node.Node(node.CONFIG + f"terminals: {{run_as: {{default: {DEFAULT}, allowed: [root]}}}}\n")
        self.addCleanup(one.stop)
        self.assertEqual(os.stat(f"/proc/{one.new(['sleep', '600'], run_as='root')['pid']}").st_uid, 0)
        self.assertNotIn("sessions run as root", one.log())
        self.assertEqual(one.post("/sessions", {"run_as": "root"}, token=one.token_for("operator")).status, 403)


def load_tests(loader, _tests, _pattern):
    """Only root can start programs of others: who is not gets the tests of that."""
    suite = loader.loadTestsFromTestCase(Anybody)
    if IS_ROOT:
        suite.addTests(loader.loadTestsFromTestCase(Root))
    return suite


if __name__ == "__main__":
    unittest.main()
