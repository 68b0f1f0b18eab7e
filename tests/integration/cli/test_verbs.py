"""Every verb of the client, as scripts use it."""
import json
import os
import socket
import stat
import subprocess
import tempfile
import time
import unittest

from client import Proxy, environment, is_sanitized, new, program, run
from fake import Fake, problem
from roost import Server, shared, wait_until


class Base(unittest.TestCase):
    def tearDown(self):
        shared().clear()

    def ok(self, *words, **more):
        done = run(*words, **more)
        self.assertEqual(done.status, 0, done)
        return done

    def refused(self, status, part, *words, **more):
        done = run(*words, **more)
        self.assertEqual(done.status, status, done)
        self.assertIn(part, done.err)
        self.assertTrue(done.err.startswith("roost: "), done)
        self.assertEqual(done.err.count("\n"), 1, done)
        return done


class Words(Base):
    def test_help_and_version(self):
        self.assertIn("roost 0.", self.ok("--version").out)
        for words in (["--help"], ["help"], ["-h"]):
            self.assertIn("token revoke", self.ok(*words).out)
        self.assertIn("--detach-key", self.ok("attach", "--help").out)

    def test_mistakes_are_named(self):
        self.refused(2, "did you mean attach?", "atach", "x")
        self.refused(2, "did you mean --title?", "new", "--tilte", "x")
        self.refused(2, "no command", )
        self.refused(2, "ID is missing", "kill")
        for later in ("hook", "mcp", "cluster", "doctor"):
            self.refused(2, "unknown command", later)

    def test_a_server_that_is_not_there(self):
        with tempfile.TemporaryDirectory() as folder:
            self.refused(3, "start it with `roostd`", "ls", ROOST_DATA_DIR=folder)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.refused(3, "nothing listens there", "ls", "--server", f"http://127.0.0.1:{port}")
        self.refused(2, "is not understood", "ls", "--server", "127.0.0.1:80")

    def test_a_peer_that_is_no_roostd(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            client = subprocess.Popen([program(), "ls", "--server", f"http://127.0.0.1:{port}"], stderr=subprocess.PIPE,
                                      env=environment())
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"SSH-2.0-x\r\n")
            self.assertIn(b"cannot reach the server", client.communicate(timeout=30)[1])
            self.assertEqual(client.returncode, 3)

    def test_it_starts_quickly(self):
        """Under 10 ms; measured as the processor's time, which does not depend on what else the machine does."""
        for words in (["--version"], ["ls"]):
            times = []
            for _ in range(10):
                child = subprocess.Popen([program(), *words], stdout=subprocess.DEVNULL, env=environment(shared()))
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                self.assertEqual(child.returncode, 0)
                times.append(usage.ru_utime + usage.ru_stime)
            self.assertLess(min(times), 1 if is_sanitized() else 0.010, words)

    def test_a_reader_that_went_away(self):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as gone:
            done = subprocess.run([program(), "--help"], stdout=gone, stderr=subprocess.PIPE, env=environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output cannot be written", done.stderr)


class Sessions(Base):
    def test_new_prints_the_id_and_ls_shows_it(self):
        name = new("-t", "one two", "--", "cat")
        listed = self.ok("ls").out.splitlines()
        self.assertTrue(listed[0].startswith("ID "), listed)
        self.assertRegex(listed[1], rf"^{name} +one two +(running|starting) +80x24 +0 +\d+ s +cat$")
        self.assertEqual(self.ok("ls", "-q").out, name + "\n")
        self.assertNotIn("\x1b", self.ok("ls").out)
        data = json.loads(self.ok("ls", "--json").out)
        self.assertEqual(data["sessions"][0]["id"], name)
        self.assertEqual(data["sessions"][0]["title"], "one two")

    def test_new_as_json(self):
        session = json.loads(self.ok("new", "-d", "--json", "--size", "100x30", "cat").out)
        self.assertEqual((session["cols"], session["rows"], session["command"]), (100, 30, ["cat"]))

    def test_an_empty_list(self):
        self.assertIn("no sessions", self.ok("ls").out)
        self.assertEqual(self.ok("ls", "-q").out, "")

    def test_arguments_environment_and_folder_reach_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            name = new("-e", "COLOUR=dark red", "--env", "N=2", "--", "sh", "-c", 'echo "<$COLOUR$N|$1|$2|$(pwd)>"', "sh", "a b", "",
                       cwd=folder)
            self.ok("wait", name, "--exit")
            self.assertIn(f"<dark red2|a b||{folder}>", self.ok("output", name).out)
            other = new("--cwd", "/", "pwd", cwd=folder)
            self.ok("wait", other, "--exit")
            self.assertEqual(self.ok("output", other).out, "/\r\n")
            os.mkdir(os.path.join(folder, "sub"))
            third = new("--cwd", "sub", "pwd", cwd=folder)
            self.ok("wait", third, "--exit")
            self.assertEqual(self.ok("output", third).out, folder + "/sub\r\n")

    def test_new_without_a_terminal_suggests_d(self):
        self.refused(2, "roost new -d", "new", "cat")
        self.refused(2, "needs a terminal", "attach", new("cat"))

    def test_bad_commands_and_folders_are_refused(self):
        self.refused(2, "not found", "new", "-d", "--", "no-such-program-here")
        self.refused(2, "working directory", "new", "-d", "--cwd", "/no/such/folder", "cat")
        self.refused(2, "NAME=VALUE", "new", "-d", "-e", "X", "cat")
        self.refused(2, "size", "new", "-d", "--size", "9999x1", "cat")
        self.refused(2, "COLSxROWS", "new", "-d", "--size", "9", "cat")
        self.assertEqual(self.ok("ls", "-q").out, "")

    def test_ids_titles_and_the_start_of_ids(self):
        first, second = new("-t", "alpha", "cat"), new("-t", "beta", "cat")
        self.ok("send", "alpha", "--no-enter", "x")
        common = os.path.commonprefix([first, second])
        self.ok("screen", first[:len(common) + 1])
        done = self.refused(1, "no such session", "screen", "gamma")
        self.assertIn("(gamma)", done.err)
        third = new("-t", "alpha", "cat")
        done = self.refused(2, "several sessions fit", "kill", "alpha")
        self.assertIn(first, done.err)
        self.assertIn(third, done.err)
        self.ok("kill", "--now", first)
        self.ok("wait", first, "--exit")
        self.ok("screen", "alpha")  # the only one that lives

    def test_resize(self):
        name = new("--", "sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do read x; done")
        self.ok("wait", name, "--text", "ready", "--timeout", "20")
        self.ok("resize", name, "132x43")
        self.ok("wait", name, "--text", "43 132", "--timeout", "10")
        self.refused(2, "COLSxROWS", "resize", name, "big")
        self.refused(2, "size", "resize", name, "60000x2")

    def test_kill(self):
        name = new("cat")
        self.ok("kill", name)
        self.ok("wait", name, "--exit", "--timeout", "20")
        self.assertIn("signal HUP", self.ok("ls").out)
        self.ok("kill", name)
        self.assertEqual(self.ok("ls", "-q").out, "")
        stubborn = new("--", "sh", "-c", "trap '' HUP TERM; echo ready; while :; do read x; done")
        self.ok("wait", stubborn, "--text", "ready")
        self.ok("kill", "--now", stubborn)
        self.ok("wait", stubborn, "--exit", "--timeout", "5")
        self.assertIn("signal KILL", self.ok("ls").out)


class Typing(Base):
    def test_text_is_typed_with_enter(self):
        name = new("--", "sh", "-c", 'read a; read b; echo "[$a][$b]"')
        self.ok("send", name, "hello", "you")
        self.ok("send", name, "--no-enter", "no ")
        self.ok("send", name, "--", "-n")
        self.ok("wait", name, "--exit", "--timeout", "10")
        self.assertIn("[hello you][no -n]", self.ok("output", name).out)

    def test_keys_by_name(self):
        name = new("--", "sh", "-c", "stty raw -echo; echo ready; head -c 9 | od -An -tx1")
        self.ok("wait", name, "--text", "ready")
        self.ok("send", name, "--keys", "Enter,C-c,Up,a,,,Tab,Escape")
        self.ok("wait", name, "--exit", "--timeout", "10")
        self.assertRegex(self.ok("output", name).out, r"0d 03 1b 5b 41 61 2c 09 1b")
        self.refused(2, "key", "send", new("cat"), "--keys", "Entre")
        self.refused(2, "do not go together", "send", name, "text", "--keys", "a")
        self.refused(2, "nothing to send", "send", name)

    def test_standard_input_of_any_length(self):
        name = new("--", "sh", "-c", "stty raw -echo; echo ready; head -c 700000 | sha256sum")
        self.ok("wait", name, "--text", "ready")
        data = os.urandom(700000)
        self.ok("send", name, "-", stdin=data)
        self.ok("wait", name, "--exit", "--timeout", "20")
        expected = subprocess.run(["sha256sum"], input=data, capture_output=True, check=True).stdout.decode().split()[0]
        self.assertIn(expected, self.ok("output", name).out)

    def test_sending_to_an_ended_session(self):
        name = new("true")
        self.ok("wait", name, "--exit")
        self.refused(1, "ended", "send", name, "x")

    def test_send_wait_prints_the_output_and_has_the_status(self):
        name = new("--", "bash")
        done = run("send", name, "--wait", "echo one; echo two; (exit 3)")
        self.assertEqual((done.status, done.out), (3, "one\ntwo\n"), done)
        self.assertEqual(run("send", name, "-w", "true").status, 0)
        data = json.loads(run("send", name, "--wait", "--json", "printf x").out)
        self.assertEqual((data["exit_status"], data["output"]), (0, "x"))
        self.refused(2, "whole command", "send", name, "--wait", "--keys", "Enter")

    def test_send_wait_needs_shell_integration(self):
        self.refused(1, "does not report its commands", "send", new("cat"), "--wait", "x")


class Waiting(Base):
    def test_text_and_regex(self):
        name = new("--", "sh", "-c", "echo first; read x; echo second 42; read x")
        self.ok("wait", name, "--text", "first", "--timeout", "10")
        self.ok("wait", name, "--text", "first", "--timeout", "10")  # what was printed before counts
        waiting = subprocess.Popen([program(), "wait", name, "--regex", r"second \d+"], env=environment(shared()))
        self.ok("send", name, "")
        self.assertEqual(waiting.wait(20), 0)
        end = json.loads(self.ok("wait", name, "--text", "second", "--json").out)
        self.assertTrue(end["met"])
        self.assertEqual(run("wait", name, "--text", "first", "--since", str(end["offset"]), "--timeout", "0.2").status, 124)
        self.refused(2, "regular expression", "wait", name, "--regex", "(")

    def test_a_timeout_is_124(self):
        name = new("cat")
        start = time.monotonic()
        done = run("wait", name, "--text", "never", "--timeout", "0.5")
        self.assertEqual((done.status, done.err), (124, ""))
        self.assertLess(time.monotonic() - start, 5)
        self.assertFalse(json.loads(run("wait", name, "--exit", "--timeout", "0", "--json").out)["met"])

    def test_idle_exit_and_command(self):
        name = new("--", "bash")
        self.ok("wait", name, "--idle", "200", "--timeout", "20")
        self.ok("send", name, "true")
        self.ok("wait", name, "--command", "--timeout", "20")
        self.ok("send", name, "exit 4")
        self.ok("wait", name, "--exit", "--timeout", "20")
        self.assertIn("exit 4", self.ok("ls").out)

    def test_what_can_not_happen_any_more_is_a_no(self):
        name = new("--", "sh", "-c", "echo done")
        done = run("wait", name, "--text", "never")
        self.assertEqual(done.status, 1, done)

    def test_exactly_one_condition(self):
        name = new("cat")
        self.refused(2, "nothing to wait for", "wait", name)
        self.refused(2, "several things", "wait", name, "--exit", "--text", "x")
        self.refused(2, "number of seconds", "wait", name, "--exit", "--timeout", "soon")


class Output(Base):
    def test_bytes_are_as_written(self):
        name = new("--", "sh", "-c", r"stty raw; printf '\033[1;31m\377\000\ra\nb'")
        self.ok("wait", name, "--exit")
        self.assertEqual(self.ok("output", name).raw, b"\x1b[1;31m\xff\x00\ra\nb")
        self.assertEqual(self.ok("output", name, "--since", "9").raw, b"\ra\nb")
        self.assertEqual(self.ok("output", name, "--since", "7", "--limit", "2").raw, b"\xff\x00")

    def test_follow_until_the_end(self):
        name = new("--", "sh", "-c", "echo 1; read x; seq 2 20000; read x; echo last")
        self.ok("wait", name, "--text", "1")
        with tempfile.TemporaryFile() as file:
            for sink in (subprocess.PIPE, file):
                follow = subprocess.Popen([program(), "output", "-f", name], stdout=sink, env=environment(shared()))
                if sink is subprocess.PIPE:
                    self.assertEqual(follow.stdout.readline(), b"1\r\n")
                    self.ok("send", name, "")
                    lines = [follow.stdout.readline() for _ in range(20000)]
                    self.assertEqual(lines[-1], b"20000\r\n")
                    piped = follow
                else:
                    wait_until(lambda: os.fstat(file.fileno()).st_size > 100000, "the file has the output so far")
                    self.ok("send", name, "")
                    self.assertEqual(follow.wait(20), 0)
                    self.assertEqual(piped.stdout.read().split(b"\r\n")[-2], b"last")
                    self.assertEqual(piped.wait(20), 0)
                    piped.stdout.close()
            file.seek(0)
            self.assertEqual(file.read(), self.ok("output", name).raw)

    def test_what_is_gone_is_told(self):
        server = Server(config="terminals: {history: 64KiB}\n")
        try:
            name = new("--", "sh", "-c", "seq 100000", server=server)
            self.assertEqual(run("wait", name, "--exit", server=server).status, 0)
            done = run("output", name, server=server)
            self.assertRegex(done.err, r"roost: \d+ bytes are no longer held")
            self.assertTrue(done.out.endswith("100000\r\n"))
        finally:
            server.stop()

    def test_screen(self):
        name = new("--size", "40x5", "--", "sh", "-c", r"printf '\033[31mred\033[0m\r\nnext'; read x")
        self.ok("wait", name, "--text", "next")
        self.assertEqual(self.ok("screen", name).out.rstrip("\n").split("\n"), ["red", "next"])
        self.assertIn("\x1b[", self.ok("screen", name, "--ansi").out)
        data = json.loads(self.ok("screen", name, "--json").out)
        self.assertEqual((data["cols"], data["rows"], data["lines"][0]), (40, 5, "red"))

    def test_titles_cannot_drive_the_terminal(self):
        name = new("--", "sh", "-c", r"printf '\033]0;\302\233[31mbad\007'; echo done; read x")
        self.ok("wait", name, "--text", "done")
        self.assertNotIn("\x9b", self.ok("ls").out)


class Node(Base):
    def test_url_and_status(self):
        self.assertEqual(self.ok("url").out.strip(), shared().url)
        self.assertEqual(json.loads(self.ok("url", "--json").out), {"url": shared().url})
        self.refused(2, "own machine", "url", "--server", f"http://127.0.0.1:{shared().port}")
        status = self.ok("status").out
        self.assertRegex(status, r"(?m)^ready +yes$")
        self.assertRegex(status, r"(?m)^sessions +0$")
        data = json.loads(self.ok("status", "--json").out)
        self.assertTrue(data["ready"])
        self.assertEqual(data["sessions"], 0)

    def test_status_shows_the_database(self):
        status = self.ok("status").out
        self.assertRegex(status, r"(?m)^database +ready for \d+ (s|min|h), since 20\S+Z$")
        self.assertRegex(status, r"(?m)^  backend +sqlite$")
        self.assertRegex(status, r"(?m)^  waiting +0 records$")
        self.assertNotIn("trouble", status)
        database = json.loads(self.ok("status", "--json").out)["database"]
        self.assertRegex(status, rf"(?m)^  schema +version {database['schema_version']}$")
        self.assertEqual((database["state"], database["transitions"][-1]["state"]), ("ready", "ready"))

    def test_status_says_what_troubles_a_database(self):
        server = Server(config="database: {url: 'postgresql://127.0.0.1:1/roost', fallback: {grace: 100ms}}\n")
        try:
            def status(*more):
                return self.ok("status", *more, server=server).out
            wait_until(lambda: json.loads(status("--json"))["database"]["state"] == "memory-only", "the database is away")
            new("true", server=server)
            wait_until(lambda: json.loads(status("--json"))["database"]["outbox"] > 0, "records wait")
            text = status()
            self.assertRegex(text, r"(?m)^ready +yes$")
            self.assertRegex(text, r"(?m)^database +memory-only for \d+ s, since ")
            self.assertRegex(text, r"(?m)^  backend +postgresql$")
            self.assertRegex(text, r"(?m)^  waiting +[1-9]\d* records?$")
            self.assertRegex(text, r"(?m)^  last trouble +the database cannot be reached, 20\S+Z$")
        finally:
            server.stop()

    def test_status_of_a_server_that_does_not_tell_of_its_database(self):
        fake = Fake()
        try:
            for answer in (problem(403, "forbidden", "The token does not allow this"), problem(404, "not-found", "There is no such thing")):
                fake.refuse = lambda target: answer if target == "/api/v1/database" else None
                web = ("--server", fake.url, "--token", "t")
                status = self.ok("status", *web).out
                self.assertRegex(status, r"(?m)^ready +yes$")
                self.assertNotIn("database", status)
                self.assertNotIn("database", json.loads(self.ok("status", "--json", *web).out))
        finally:
            fake.close()

    def test_a_login_url_is_a_server(self):
        self.assertEqual(self.ok("ls", "-q", "--server", shared().url).out, "")

    def test_tokens(self):
        web = f"http://127.0.0.1:{shared().port}"
        self.refused(1, "set ROOST_TOKEN", "ls", "--server", web)
        self.refused(1, "set ROOST_TOKEN", "ls", "--server", web, "--token", "wrong")
        name, other = new("cat"), new("cat")
        viewer = self.ok("token", "create", "--role", "viewer", "--label", "for reading").out.strip()
        self.assertIn(name, self.ok("ls", "--server", web, "--token", viewer).out)
        self.refused(1, "does not allow", "send", name, "x", "--server", web, "--token", viewer)
        self.refused(1, "does not allow", "token", "list", ROOST_SERVER=web, ROOST_TOKEN=viewer)
        scoped = json.loads(self.ok("token", "create", "--session", name, "--expires", "1h", "--json").out)
        self.assertEqual((scoped["role"], scoped["session"]), ("operator", name))
        self.assertEqual(self.ok("ls", "-q", "--server", web, "--token", scoped["token"]).out, name + "\n")
        self.ok("send", name, "x", "--server", web, "--token", scoped["token"])
        self.refused(1, "no such session", "send", other, "x", "--server", web, "--token", scoped["token"])
        listed = self.ok("token", "list").out
        self.assertRegex(listed, rf"{scoped['id']} +operator +{name} ")
        self.assertRegex(listed, r"viewer .* for reading")
        self.assertNotIn(scoped["token"], listed)
        self.ok("token", "revoke", scoped["id"])
        self.refused(1, "set ROOST_TOKEN", "ls", "--server", web, "--token", scoped["token"])
        self.refused(1, "", "token", "revoke", scoped["id"])
        self.refused(2, "role", "token", "create", "--role", "boss")
        self.refused(2, "lifetime", "token", "create", "--expires", "soon")
        self.refused(2, "did you mean create?", "token", "crate")

    def test_waiting_survives_a_cut_connection(self):
        name = new("cat")
        token = self.ok("token", "create").out.strip()
        with Proxy(shared().port) as proxy:
            waiting = subprocess.Popen([program(), "wait", name, "--text", "now", "--server", proxy.url, "--token", token],
                                       env=environment(shared()))
            wait_until(lambda: proxy.accepted >= 2, "the wait is on its way")
            proxy.cut()
            self.ok("send", name, "now")
            self.assertEqual(waiting.wait(20), 0)


class Secured(unittest.TestCase):
    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                            "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
            os.chmod(key, stat.S_IRUSR)
            server = Server(config=f"tls: {{certificate: {certificate}, key: {key}}}\n")
            try:
                url = f"https://localhost:{server.port}"
                token = run("token", "create", server=server).out.strip()
                done = run("ls", "-q", "--server", url, "--token", token, server=server, SSL_CERT_FILE=certificate)
                self.assertEqual(done.status, 0, done)
                untrusted = run("ls", "--server", url, "--token", token, server=server, SSL_CERT_FILE="/dev/null")
                self.assertEqual(untrusted.status, 3, untrusted)
                self.assertIn("SSL_CERT_FILE", untrusted.err)
                wrong = run("ls", "--server", f"https://127.0.0.2:{server.port}", "--token", token, server=server, SSL_CERT_FILE=certificate)
                self.assertEqual(wrong.status, 3, wrong)
                name = new("--", "sh", "-c", "echo over tls", server=server)
                follow = run("output", "-f", name, "--server", url, "--token", token, server=server, SSL_CERT_FILE=certificate)
                self.assertEqual((follow.status, follow.out), (0, "over tls\r\n"), follow)
            finally:
                server.stop()


if __name__ == "__main__":
    unittest.main()
