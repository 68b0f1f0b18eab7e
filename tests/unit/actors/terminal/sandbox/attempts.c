/* Tries what a sandbox should refuse, from inside of it. Linked statically, so that it runs whatever the
 * sandbox shows of the system.
 *
 *   attempts NAME[=ARGUMENT]…       tries each, prints "NAME[=ARGUMENT] done" or "NAME[=ARGUMENT] EPERM"
 *   attempts --stage REPORT [--processes N] PROGRAM ARGUMENT…
 *                                   stands in for the keeper's own program (protocols/wire/keeper.hpp)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each gives 0, or -1 with errno, as system calls do. */

static int try_ptrace(const char* unused) {
  (void)unused;
  const pid_t child = fork();
  if (child == 0)
    for (;;)
      pause();
  const int done = ptrace(PTRACE_SEIZE, child, 0, 0) == 0 ? 0 : -1;
  const int error = errno;
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  errno = error;
  return done;
}

static int try_process_vm(const char* unused) {
  (void)unused;
  char from = 'a', to = 'b';
  struct iovec local = {&to, 1}, remote = {&from, 1};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 ? 0 : -1;
}

static int try_mount(const char* where) { return mount("none", where ? where : "/tmp", "tmpfs", 0, ""); }
static int try_umount(const char* where) { return umount2(where, MNT_DETACH); }
static int try_remount(const char* where) { return mount("none", where, NULL, MS_REMOUNT | MS_BIND, NULL); }
static int try_fsopen(const char* unused) { (void)unused; return (int)syscall(SYS_fsopen, "tmpfs", 0); }
static int try_keyctl(const char* unused) { (void)unused; return (int)syscall(SYS_keyctl, 0, -3, 1); }
static int try_add_key(const char* unused) {
  (void)unused;
  return (int)syscall(SYS_add_key, "user", "roost-test", "x", 1, -3);
}

/* Types a letter into the terminal; -1 leaves nothing behind. */
static int try_tiocsti(const char* unused) { (void)unused; return ioctl(0, TIOCSTI, "x"); }
static int try_tiocsti_high(const char* unused) {
  (void)unused;
  return (int)syscall(SYS_ioctl, 0L, (long)(TIOCSTI | (1UL << 32)), "x");
}
static int try_tioclinux(const char* unused) { (void)unused; return ioctl(0, 0x541C, "\x02"); }

static int try_init_module(const char* unused) { (void)unused; return (int)syscall(SYS_init_module, 0, 0, ""); }
static int try_unshare(const char* unused) { (void)unused; return unshare(CLONE_NEWUSER); }
static int try_setns(const char* unused) { (void)unused; return setns(-1, 0); }

static int try_clone_user(const char* unused) {
  (void)unused;
  const pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child == 0)
    _exit(0);
  if (child > 0)
    waitpid(child, NULL, 0);
  return child > 0 ? 0 : -1;
}
static int try_clone3(const char* unused) { (void)unused; return (int)syscall(SYS_clone3, NULL, 0L); }
static int try_io_uring(const char* unused) {
  (void)unused;
  char parameters[120] = {0};
  return (int)syscall(SYS_io_uring_setup, 1, parameters);
}
static int try_bpf(const char* unused) { (void)unused; return (int)syscall(SYS_bpf, 0, NULL, 0); }
static int try_perf(const char* unused) { (void)unused; return (int)syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0L); }
static int try_userfaultfd(const char* unused) { (void)unused; return (int)syscall(SYS_userfaultfd, 1); }
static int try_newest(const char* unused) { (void)unused; return (int)syscall(467, -1, "", 0, NULL, 0L); }
static int try_chroot(const char* unused) { (void)unused; return chroot("/"); }
static int try_handle(const char* unused) {
  (void)unused;
  return (int)syscall(SYS_open_by_handle_at, -1, NULL, 0);
}
static int try_personality(const char* value) { return personality(strtoul(value, NULL, 16)) < 0 ? -1 : 0; }
static int try_socket(const char* family) { return socket(atoi(family), SOCK_RAW, 0) < 0 ? -1 : 0; }

static int try_unix(const char* path) {
  const int s = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strncpy(to.sun_path, path, sizeof to.sun_path - 1);
  return connect(s, (struct sockaddr*)&to, sizeof to);
}
static int try_tcp(const char* port) {
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(s, (struct sockaddr*)&to, sizeof to);
}

/* Succeeds if there is a network interface that is up, other than an address-less loopback. */
static int try_network(const char* unused) {
  (void)unused;
  struct ifaddrs* list = NULL;
  int found = 0;
  if (getifaddrs(&list) != 0)
    return -1;
  for (struct ifaddrs* i = list; i != NULL; i = i->ifa_next)
    found |= strcmp(i->ifa_name, "lo") != 0;
  freeifaddrs(list);
  errno = ENODEV;
  return found ? 0 : -1;
}

/* The same as whoever may make namespaces inside: there one may mount, but must not lift what hides. */
static int enter_nested(void) {
  const unsigned uid = geteuid();
  char line[64];
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
    return -1;
  const int map = open("/proc/self/uid_map", O_WRONLY);
  const int length = snprintf(line, sizeof line, "0 %u 1", uid);
  return map >= 0 && write(map, line, (size_t)length) == length ? close(map) : -1;
}
static int in_child(int (*run)(const char*), const char* path) {
  int status = 0;
  const pid_t child = fork();
  if (child == 0)
    _exit(enter_nested() != 0 ? ENOSYS : run(path) == 0 ? 0 : errno);
  waitpid(child, &status, 0);
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return errno == 0 ? 0 : -1;
}
static int bind_alone(const char* path) { return mount(path, "/tmp", NULL, MS_BIND, NULL); }
static int overlay(const char* path) {
  char options[4096];
  snprintf(options, sizeof options, "lowerdir=%s:/usr", path);
  return mount("overlay", "/tmp", "overlay", 0, options);
}
static int mount_elsewhere(const char* unused) {
  (void)unused;
  return mount("none", "/tmp", "tmpfs", 0, NULL);
}
static int try_nested_mount(const char* path) { return in_child(mount_elsewhere, path); }
static int try_nested_umount(const char* path) { return in_child(try_umount, path); }
static int try_nested_bind(const char* path) { return in_child(bind_alone, path); }
static int try_nested_overlay(const char* path) { return in_child(overlay, path); }

static int try_kill(const char* pid) { return kill(atoi(pid), 0); }
static int try_see(const char* path) { return access(path, F_OK); }
static int try_list(const char* path) {
  DIR* folder = opendir(path);
  int entries = 0;
  if (folder == NULL)
    return -1;
  for (struct dirent* e = readdir(folder); e != NULL; e = readdir(folder))
    entries += e->d_name[0] != '.' || (e->d_name[1] != 0 && e->d_name[1] != '.');
  closedir(folder);
  errno = ENOENT;
  return entries > 0 ? 0 : -1;
}
static int try_read(const char* path) {
  char byte;
  const int fd = open(path, O_RDONLY);
  if (fd < 0)
    return -1;
  errno = ENODATA;
  return read(fd, &byte, 1) == 1 ? 0 : -1;
}
static int try_write(const char* path) {
  const int fd = open(path, O_WRONLY);
  return fd < 0 ? -1 : close(fd);
}
static int try_create(const char* path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  return fd < 0 ? -1 : close(fd);
}
/* Where a success would leave a file that does not belong there. */
static int try_touch(const char* path) { return try_create(path) == 0 ? unlink(path) : -1; }
static int try_rename(const char* path) {
  char to[4096];
  snprintf(to, sizeof to, "%s.moved", path);
  return rename(path, to);
}

/* Whether more processes of one's own fit than the number says. */
static int try_processes(const char* most) {
  const int limit = atoi(most);
  pid_t* made = calloc((size_t)limit, sizeof *made);
  int count = 0, error = 0;
  while (count < limit) {
    const pid_t child = fork();
    if (child == 0)
      for (;;)
        pause();
    if (child < 0) {
      error = errno;
      break;
    }
    made[count++] = child;
  }
  for (int i = 0; i < count; ++i)
    kill(made[i], SIGKILL);
  while (wait(NULL) > 0)
    ;
  errno = error;
  return count == limit ? 0 : -1;
}

/* Takes memory, in MiB, and uses it. */
static int try_memory(const char* mebibytes) {
  const size_t size = (size_t)atol(mebibytes) << 20;
  char* block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED)
    return -1;
  memset(block, 1, size);
  return munmap(block, size);
}

/* Descriptors above the first three. */
static int try_descriptors(const char* unused) {
  (void)unused;
  errno = EBADF;
  for (int fd = 3; fd < 64; ++fd)
    if (fcntl(fd, F_GETFD) >= 0)
      return 0;
  return -1;
}

/* Processes that are neither this one, nor its parents inside. */
static int try_others(const char* most) {
  DIR* folder = opendir("/proc");
  int seen = 0;
  if (folder == NULL)
    return -1;
  for (struct dirent* e = readdir(folder); e != NULL; e = readdir(folder))
    seen += e->d_name[0] >= '1' && e->d_name[0] <= '9';
  closedir(folder);
  errno = ESRCH;
  return seen > atoi(most) ? 0 : -1;
}

/* A fork bomb, but only where it is held. */
static int bomb(const char* unused) {
  struct rlimit held;
  (void)unused;
  errno = EPERM;
  if (geteuid() == 0 || getrlimit(RLIMIT_NPROC, &held) != 0 || held.rlim_cur > 200)
    return -1;
  /* A terminal's end does not stop it; should nothing else, it has 20 seconds of CPU for each. */
  signal(SIGHUP, SIG_IGN);
  setrlimit(RLIMIT_CPU, &(struct rlimit){20, 20});
  puts("bomb starts");
  fflush(stdout);
  while (fork() >= 0 || errno == EAGAIN)
    ;
  return 0;
}

static const struct {
  const char* name;
  int (*run)(const char*);
} attempts[] = {
    {"ptrace", try_ptrace},         {"process_vm", try_process_vm}, {"mount", try_mount},
    {"umount", try_umount},         {"remount", try_remount},       {"fsopen", try_fsopen},
    {"keyctl", try_keyctl},         {"add_key", try_add_key},       {"tiocsti", try_tiocsti},
    {"tiocsti_high", try_tiocsti_high}, {"tioclinux", try_tioclinux}, {"init_module", try_init_module},
    {"unshare", try_unshare},       {"setns", try_setns},           {"clone_user", try_clone_user},
    {"clone3", try_clone3},         {"io_uring", try_io_uring},     {"bpf", try_bpf},
    {"perf", try_perf},             {"userfaultfd", try_userfaultfd}, {"newest", try_newest},
    {"chroot", try_chroot},         {"handle", try_handle},         {"personality", try_personality},
    {"socket", try_socket},         {"unix", try_unix},             {"tcp", try_tcp},
    {"network", try_network},       {"kill", try_kill},             {"see", try_see},
    {"list", try_list},             {"read", try_read},             {"write", try_write},
    {"create", try_create},         {"touch", try_touch},           {"rename", try_rename},         {"processes", try_processes},
    {"memory", try_memory},         {"descriptors", try_descriptors}, {"others", try_others},
    {"nested_mount", try_nested_mount}, {"nested_umount", try_nested_umount},
    {"nested_bind", try_nested_bind}, {"nested_overlay", try_nested_overlay},
    {"bomb", bomb},
};

static int stage(int count, char** words) {
  const int report = atoi(words[0]);
  int next = 1;
  if (count > 2 && strcmp(words[1], "--processes") == 0) {
    const rlim_t most = strtoul(words[2], NULL, 10);
    const struct rlimit limit = {most, most};
    if (setrlimit(RLIMIT_NPROC, &limit) != 0)
      return 127;
    next = 3;
  }
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (access(words[next], X_OK) != 0 || write(report, "R", 1) != 1)
    return 127;
  execv(words[next], words + next);
  return 127;
}

int main(int count, char** words) {
  if (count > 3 && strcmp(words[1], "--stage") == 0)
    return stage(count - 2, words + 2);
  if (getenv("ROOST_SANDBOX") == NULL)
    return 2; /* outside, some attempts would succeed and harm */
  for (int i = 1; i < count; ++i) {
    const char* argument = strchr(words[i], '=');
    const size_t length = argument ? (size_t)(argument - words[i]) : strlen(words[i]);
    int known = 0;
    for (size_t a = 0; a < sizeof attempts / sizeof *attempts; ++a) {
      if (strlen(attempts[a].name) != length || strncmp(attempts[a].name, words[i], length) != 0)
        continue;
      known = 1;
      errno = 0;
      const int done = attempts[a].run(argument ? argument + 1 : NULL);
      printf("%s %s\n", words[i], done >= 0 ? "done" : strerrorname_np(errno));
      fflush(stdout);
    }
    if (!known)
      printf("%s unknown\n", words[i]);
  }
  return 0;
}
