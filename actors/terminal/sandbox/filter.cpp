#include "actors/terminal/sandbox/filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "actors/terminal/pty/unique_fd.hpp"

namespace roost::terminal {

namespace {

// Refused in `default` and `strict`: what no tool of a terminal needs, and what reaches beyond a
// session. Keyrings are the user's, whatever the namespace.
constexpr std::array<const char*, 29> refused_always = {
    "acct",           "add_key",       "adjtimex",          "bpf",          "clock_adjtime",
    "clock_settime",  "create_module", "delete_module",     "finit_module", "init_module",
    "ioperm",         "iopl",          "kexec_file_load",   "kexec_load",   "keyctl",
    "lookup_dcookie", "nfsservctl",    "open_by_handle_at", "quotactl",     "quotactl_fd",
    "reboot",         "request_key",   "settimeofday",      "stime",        "swapoff",
    "swapon",         "syslog",        "userfaultfd",       "vhangup",
};

// Refused in `strict`: looking into other processes, arranging mounts and namespaces, and parts of
// the kernel with a long record of holes.
constexpr std::array<const char*, 34> refused_when_strict = {
    "chroot",
    "fanotify_init",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "get_kernel_syms",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kcmp",
    "modify_ldt",
    "mount",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "query_module",
    "setdomainname",
    "sethostname",
    "setns",
    "sysfs",
    "umount",
    "umount2",
    "uselib",
    "vm86",
    "vm86old",
};

// Typing into one's own terminal, and the console's selection, which can do the same. The kernel
// looks at the lower 32 bits of the request only, so the filter does too.
constexpr std::array<std::uint64_t, 2> refused_requests = {TIOCSTI, 0x541C /* TIOCLINUX */};
// Loads code for line disciplines that nobody uses.
constexpr std::uint64_t set_line_discipline = TIOCSETD;
constexpr std::uint64_t lower_half = 0xffff'ffff;

constexpr std::array<std::uint64_t, 8> namespace_flags = {
    CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,    CLONE_NEWUSER,
    CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME, unshare only */};
constexpr std::uint64_t in_unshare_only = 0x80;

// Others (AF_PACKET, AF_VSOCK, AF_ALG, …) are not needed by programs, and part of them are ways
// around the network namespace.
constexpr std::array<unsigned, 4> allowed_families = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

// System calls that came later are answered with ENOSYS until somebody has looked at them: programs
// expect that of an older kernel. 462 is mseal, of Linux 6.10.
constexpr std::uint32_t newest_call = 462;
constexpr std::uint32_t x32_bit = 0x4000'0000;
// personality(0) is how a program starts anyway; this asks without changing anything.
constexpr std::uint32_t personality_query = 0xffff'ffff;

using context = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, void (*)(scmp_filter_ctx)>;

/// Collects rules; remembers whether all could be made.
class rules {
public:
  explicit rules(scmp_filter_ctx into) : into_(into) {}

  /// Refuses a call; a name that this architecture does not have is no rule.
  void refuse(const char* call, int with = EPERM) {
    if (const int number = seccomp_syscall_resolve_name(call); number != __NR_SCMP_ERROR)
      note(seccomp_rule_add(into_, SCMP_ACT_ERRNO(static_cast<std::uint16_t>(with)), number, 0));
  }
  void refuse_if(const char* call, scmp_arg_cmp argument) {
    note(seccomp_rule_add_array(into_, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(call), 1,
                                &argument));
  }
  [[nodiscard]] bool are_complete() const { return are_complete_; }

private:
  // A call that one of the architectures does not have is left out there (EDOM).
  void note(int made) { are_complete_ = are_complete_ && (made == 0 || made == -EDOM); }

  scmp_filter_ctx into_;
  bool are_complete_ = true;
};

void add_lenient(rules& to) {
  for (const auto* call : refused_always)
    to.refuse(call);
  for (const auto request : refused_requests)
    to.refuse_if("ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, lower_half, request));
}

void add_strict(rules& to) {
  for (const auto* call : refused_when_strict)
    to.refuse(call);
  to.refuse_if("ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, lower_half, set_line_discipline));
  for (const auto flag : namespace_flags) {
    to.refuse_if("unshare", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
    if (flag != in_unshare_only)
      to.refuse_if("clone", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  // Its flags lie in memory, where a filter cannot look. libc falls back to clone.
  to.refuse("clone3", ENOSYS);
  for (const auto* call : {"socket", "socketpair"}) {
    unsigned next = 0;
    for (const auto family : allowed_families) {
      for (; next < family; ++next)
        to.refuse_if(call, SCMP_A0(SCMP_CMP_EQ, next));
      next = family + 1;
    }
    to.refuse_if(call, SCMP_A0(SCMP_CMP_GE, next));
  }
}

#if defined(__x86_64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_AARCH64;
#else
#error                                                                                             \
    "say here which AUDIT_ARCH_ this is, and check add_foreign and the byte order in make_prologue"
#endif

/// Instructions before those of libseccomp, for what it cannot express: "any call after", and an
/// argument that is none of two values. They fall through into it.
std::vector<sock_filter> make_prologue() {
  const auto load = [](std::size_t offset) {
    return sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  };
  const auto jump = [](int how, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return sock_filter(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value, yes, no));
  };
  const auto answer = [](std::uint32_t error) {
    return sock_filter(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  };
  return {
      load(offsetof(seccomp_data, arch)),
      jump(BPF_JEQ, native_architecture, 0, 9), // libseccomp ends foreign programs
      load(offsetof(seccomp_data, nr)),
      jump(BPF_JGE, x32_bit, 7, 0), // and those of x32
      jump(BPF_JGT, newest_call, 4, 0),
      jump(BPF_JEQ, __NR_personality, 0, 5),
      load(offsetof(seccomp_data, args[0])), // the lower half: both machines are little-endian
      jump(BPF_JEQ, 0, 3, 0),
      jump(BPF_JEQ, personality_query, 2, 1),
      answer(ENOSYS),
      answer(EPERM),
  };
}

/// 32-bit programs run in `default`, under the same rules.
bool add_foreign(scmp_filter_ctx to) {
  const auto add = [to](std::uint32_t architecture) {
    const int done = seccomp_arch_add(to, architecture);
    return done == 0 || done == -EEXIST;
  };
#if defined(__x86_64__)
  return add(SCMP_ARCH_X86) && add(SCMP_ARCH_X32);
#else
  return add(SCMP_ARCH_ARM);
#endif
}

/// libseccomp writes to a descriptor only.
bool append_program(std::string& to, scmp_filter_ctx from) {
  const unique_fd file(::memfd_create("roost-filter", MFD_CLOEXEC));
  if (!file || seccomp_export_bpf(from, file.get()) != 0)
    return false;
  const auto size = ::lseek(file.get(), 0, SEEK_END);
  if (size <= 0)
    return false;
  const auto before = to.size();
  to.resize(before + static_cast<std::size_t>(size));
  return ::pread(file.get(), to.data() + before, static_cast<std::size_t>(size), 0) == size;
}

} // namespace

result<std::string> make_filter(system_call_filter which) {
  if (which == system_call_filter::none)
    return std::string();
  const failure failed(terminal_error::sandbox_unavailable,
                       "the filter of system calls cannot be made");
  const context made(seccomp_init(SCMP_ACT_ALLOW), [](scmp_filter_ctx c) {
    if (c != nullptr)
      seccomp_release(c);
  });
  if (made == nullptr)
    return failed;
  const bool is_strict = which == system_call_filter::strict;
  if (!is_strict && !add_foreign(made.get()))
    return failed;
  // A binary tree: a few comparisons for each call, not a hundred.
  seccomp_attr_set(made.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  rules to(made.get());
  add_lenient(to);
  if (is_strict)
    add_strict(to);
  std::string out;
  if (is_strict) {
    const auto prologue = make_prologue();
    out.append(reinterpret_cast<const char*>(prologue.data()),
               prologue.size() * sizeof(sock_filter));
  }
  if (!to.are_complete() || !append_program(out, made.get()))
    return failed;
  return out;
}

} // namespace roost::terminal
