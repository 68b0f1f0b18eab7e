#include "actors/terminal/sandbox/filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;

#if defined(__x86_64__)
constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
constexpr std::uint32_t foreign = AUDIT_ARCH_I386;
#else
constexpr std::uint32_t native = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t foreign = AUDIT_ARCH_ARM;
#endif

/// What the kernel would do with a system call: its own rules for such programs, without the call.
std::uint32_t judge(const std::string& program, std::uint32_t arch, long number,
                    std::vector<std::uint64_t> arguments) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch;
  std::copy(arguments.begin(), arguments.end(), data.args);
  std::vector<sock_filter> code(program.size() / sizeof(sock_filter));
  std::memcpy(code.data(), program.data(), program.size());
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const auto& op = code[at];
    const auto jump = [&](bool taken) { at += taken ? op.jt : op.jf; };
    switch (op.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      std::memcpy(&a, reinterpret_cast<const char*>(&data) + op.k, sizeof a);
      break;
    case BPF_ALU | BPF_AND | BPF_K:
      a &= op.k;
      break;
    case BPF_JMP | BPF_JA:
      at += op.k;
      break;
    case BPF_JMP | BPF_JEQ | BPF_K:
      jump(a == op.k);
      break;
    case BPF_JMP | BPF_JGT | BPF_K:
      jump(a > op.k);
      break;
    case BPF_JMP | BPF_JGE | BPF_K:
      jump(a >= op.k);
      break;
    case BPF_RET | BPF_K:
      return op.k;
    default:
      ADD_FAILURE() << "an instruction that this test does not know: " << op.code;
      return 0;
    }
  }
  ADD_FAILURE() << "the program runs off its end";
  return 0;
}

class filter : public testing::Test {
protected:
  static std::string made(system_call_filter which) { return make_filter(which).value(); }
  std::uint32_t strict(long number, std::vector<std::uint64_t> arguments = {}) {
    return judge(strict_, native, number, std::move(arguments));
  }
  std::uint32_t lenient(long number, std::vector<std::uint64_t> arguments = {}) {
    return judge(lenient_, native, number, std::move(arguments));
  }

  std::string strict_ = made(system_call_filter::strict);
  std::string lenient_ = made(system_call_filter::lenient);
};

TEST_F(filter, none_is_no_filter) { EXPECT_EQ(made(system_call_filter::none), ""); }

TEST_F(filter, is_short_enough_for_the_kernel) {
  EXPECT_LT(strict_.size() / sizeof(sock_filter), 4096U);
  EXPECT_EQ(strict_.size() % sizeof(sock_filter), 0U);
}

TEST_F(filter, lets_ordinary_calls_through) {
  for (const long call :
       {__NR_read, __NR_openat, __NR_execve, __NR_futex, __NR_mmap, __NR_fchmodat})
    for (const auto& program : {strict_, lenient_})
      EXPECT_EQ(judge(program, native, call, {}), allowed) << call;
}

TEST_F(filter, both_refuse_what_reaches_beyond_a_session) {
  for (const long call : {__NR_keyctl, __NR_add_key, __NR_request_key, __NR_init_module,
                          __NR_finit_module, __NR_delete_module, __NR_kexec_load, __NR_bpf,
                          __NR_reboot, __NR_swapon, __NR_userfaultfd, __NR_open_by_handle_at}) {
    EXPECT_EQ(strict(call), refused) << call;
    EXPECT_EQ(lenient(call), refused) << call;
  }
}

TEST_F(filter, only_strict_refuses_what_debuggers_and_containers_need) {
  for (const long call : {__NR_ptrace,
                          __NR_process_vm_readv,
                          __NR_process_vm_writev,
                          __NR_mount,
                          __NR_umount2,
                          __NR_move_mount,
                          __NR_open_tree,
                          __NR_fsopen,
                          __NR_fsconfig,
                          __NR_fsmount,
                          __NR_fspick,
                          __NR_mount_setattr,
                          __NR_pivot_root,
                          __NR_chroot,
                          __NR_setns,
                          __NR_perf_event_open,
                          __NR_io_uring_setup,
                          __NR_io_uring_enter,
                          __NR_io_uring_register,
                          __NR_name_to_handle_at,
                          __NR_pidfd_getfd}) {
    EXPECT_EQ(strict(call), refused) << call;
    EXPECT_EQ(lenient(call), allowed) << call;
  }
}

TEST_F(filter, no_new_namespace_in_strict_but_threads) {
  constexpr std::uint64_t threads = 0x3d0f00;
  EXPECT_EQ(strict(__NR_clone, {threads}), allowed);
  EXPECT_EQ(strict(__NR_unshare, {0x400}), allowed); // CLONE_FILES
  for (const std::uint64_t flag :
       {0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000}) {
    EXPECT_EQ(strict(__NR_clone, {threads | flag}), refused) << flag;
    EXPECT_EQ(strict(__NR_unshare, {flag | 0x400}), refused) << flag;
    EXPECT_EQ(lenient(__NR_unshare, {flag}), allowed) << flag;
  }
  EXPECT_EQ(strict(__NR_unshare, {0x80}), refused); // CLONE_NEWTIME
  EXPECT_EQ(strict(__NR_clone3), unknown);
  EXPECT_EQ(lenient(__NR_clone3), allowed);
}

TEST_F(filter, nobody_types_into_a_terminal_whatever_the_upper_half_says) {
  for (const std::uint64_t upper :
       {std::uint64_t{0}, std::uint64_t{1} << 32, ~std::uint64_t{0} << 32})
    for (const std::uint64_t request : {0x5412, 0x541C}) {
      EXPECT_EQ(strict(__NR_ioctl, {0, upper | request}), refused);
      EXPECT_EQ(lenient(__NR_ioctl, {0, upper | request}), refused);
    }
  EXPECT_EQ(strict(__NR_ioctl, {0, TIOCGWINSZ}), allowed);
  EXPECT_EQ(strict(__NR_ioctl, {0, TIOCSETD}), refused);
  EXPECT_EQ(lenient(__NR_ioctl, {0, TIOCSETD}), allowed);
}

TEST_F(filter, only_common_families_of_sockets_in_strict) {
  for (std::uint64_t family = 0; family < 60; ++family) {
    const bool is_common = family == 1 || family == 2 || family == 10 || family == 16;
    EXPECT_EQ(strict(__NR_socket, {family}), is_common ? allowed : refused) << family;
    EXPECT_EQ(strict(__NR_socketpair, {family}), is_common ? allowed : refused) << family;
    EXPECT_EQ(lenient(__NR_socket, {family}), allowed) << family;
    // The kernel looks at the lower half.
    EXPECT_EQ(strict(__NR_socket, {family | std::uint64_t{1} << 32}), refused) << family;
  }
}

TEST_F(filter, personality_may_only_be_asked_for_in_strict) {
  for (const std::uint64_t value : {0x0U, 0xffffffffU})
    EXPECT_EQ(strict(__NR_personality, {value}), allowed) << value;
  for (const std::uint64_t value : {0x1U, 0x8U, 0x40000U, 0x7fffffffU, 0xfffffffeU})
    EXPECT_EQ(strict(__NR_personality, {value}), refused) << value;
  EXPECT_EQ(lenient(__NR_personality, {0x40000}), allowed);
}

TEST_F(filter, calls_of_later_kernels_do_not_exist_in_strict) {
  EXPECT_EQ(strict(462), allowed);
  EXPECT_EQ(strict(463), unknown);
  EXPECT_EQ(strict(467), unknown); // open_tree_attr
  EXPECT_EQ(lenient(467), allowed);
}

TEST_F(filter, foreign_programs_end_in_strict_and_are_filtered_in_default) {
  EXPECT_EQ(judge(strict_, foreign, 3, {}), SECCOMP_RET_KILL_PROCESS & SECCOMP_RET_KILL_THREAD);
#if defined(__x86_64__)
  constexpr long x32 = 0x4000'0000;
  constexpr long keyctl_of_i386 = 288;
  EXPECT_EQ(judge(strict_, native, x32 | __NR_read, {}), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(judge(lenient_, foreign, 3, {}), allowed);
  EXPECT_EQ(judge(lenient_, foreign, keyctl_of_i386, {}), refused);
  EXPECT_EQ(judge(lenient_, native, x32 | __NR_keyctl, {}), refused);
#endif
}

} // namespace
} // namespace roost::terminal
