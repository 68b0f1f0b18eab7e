"""What a process holds, read from /proc."""
import os
import re


def descriptors(pid):
    """The targets of a process's open descriptors."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass  # closed while we looked
    return found


def memory(pid):
    """Bytes of anonymous memory: heap and stacks, without mapped files."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"RssAnon:\s+(\d+) kB", file.read()).group(1)) * 1024


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def children(pid):
    """The children of a process as (pid, state); a zombie's state is Z."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields and int(fields[1]) == pid:
            found.append((int(name), fields[0]))
    return found


def command(pid):
    """The command line of a process; empty for a zombie, and for one that is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def with_environment(text):
    """The processes whose environment holds `text`: all that runs in some server's sessions, whoever their parent is."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if text.encode() in file.read():
                    found.append(int(name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found
