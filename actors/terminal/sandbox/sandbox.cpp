#include "actors/terminal/sandbox/sandbox.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "actors/terminal/sandbox/filter.hpp"
#include "protocols/wire/keeper.hpp"

namespace roost::terminal {

namespace {

// The keeper hands on extra descriptors from here.
constexpr int first_extra = 3;

// Not PATH: what runs as the sandbox is not for a user's folder to say.
constexpr std::array<const char*, 3> bwrap_places = {"/usr/bin/bwrap", "/usr/local/bin/bwrap",
                                                     "/bin/bwrap"};

// Ways to services that the sandbox hides, and a folder for temporary files that it may not have.
// Left in, programs would wait for what cannot answer.
constexpr std::array<const char*, 11> pointless_variables = {"DBUS_SESSION_BUS_ADDRESS",
                                                             "DISPLAY",
                                                             "GPG_AGENT_INFO",
                                                             "ROOST_SERVER",
                                                             "SSH_AGENT_PID",
                                                             "SSH_AUTH_SOCK",
                                                             "TMPDIR",
                                                             "WAYLAND_DISPLAY",
                                                             "XAUTHORITY",
                                                             "XDG_RUNTIME_DIR",
                                                             "PULSE_SERVER"};

/// bubblewrap's options, which it reads from a descriptor, one after the other.
class option_text {
public:
  template <class... Words>
  void add(const Words&... words) {
    (append(words), ...);
  }
  std::string take() { return std::move(text_); }

private:
  void append(std::string_view word) {
    text_ += word;
    text_ += '\0';
  }
  std::string text_;
};

bool is_temporary(std::string_view path) {
  return path == "/tmp" || path == "/var/tmp" || path == "/dev/shm";
}

void add_mounts(option_text& out, const mount_plan& mounts, const sandbox_profile& profile,
                const sandbox_request& request, std::uint64_t memory) {
  for (const auto& [kind, path, target] : mounts.rows) {
    switch (kind) {
    case mount_kind::read_only:
      out.add("--ro-bind", path, path);
      break;
    case mount_kind::writable:
      out.add("--bind", path, path);
      break;
    case mount_kind::empty:
      out.add("--perms", is_temporary(path) ? "1777" : "0700");
      // Files in memory are nobody's data segment: without a size they would get past the limit.
      if (memory > 0)
        out.add("--size", std::to_string(memory));
      out.add("--tmpfs", path);
      break;
    case mount_kind::hidden:
      out.add("--perms", "0555", "--tmpfs", path);
      break;
    case mount_kind::hidden_file:
      out.add("--ro-bind", "/dev/null", path);
      break;
    case mount_kind::processes:
      out.add("--proc", path);
      break;
    case mount_kind::devices:
      out.add("--dev", path);
      break;
    case mount_kind::link:
      out.add("--symlink", target, path);
      break;
    }
  }
  // What had to be writable while mount points were made in it.
  for (const auto& row : mounts.rows)
    if (row.kind == mount_kind::hidden || row.kind == mount_kind::devices ||
        // To the user root the kernel's settings in /proc/sys are files of their own, capabilities
        // or not.
        (row.kind == mount_kind::processes && request.uid == 0))
      out.add("--remount-ro", row.path);
  if (profile.base == sandbox_base::isolated)
    out.add("--remount-ro", "/");
}

std::string describe_options(const sandbox_profile& profile, const sandbox_request& request,
                             const mount_plan& mounts, std::uint64_t memory, int filter_fd) {
  option_text out;
  // Not --new-session: the PTY stays the controlling terminal.
  out.add("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
          "--cap-drop", "ALL");
  if (profile.network == network_access::none)
    out.add("--unshare-net");
  if (profile.base == sandbox_base::isolated)
    out.add("--disable-userns", "--unshare-cgroup-try");
  add_mounts(out, mounts, profile, request, memory);
  out.add("--chdir", mounts.cwd);
  if (filter_fd >= 0)
    out.add("--add-seccomp-fd", std::to_string(filter_fd));
  return out.take();
}

failure no_descriptor() {
  return {terminal_error::sandbox_unavailable, "the server has no descriptor left for it"};
}

result<unique_fd> memory_file(const std::string& contents) {
  unique_fd file(::memfd_create("roost-sandbox", MFD_CLOEXEC));
  if (!file)
    return no_descriptor();
  for (std::size_t done = 0; done < contents.size();) {
    const auto n = ::pwrite(file.get(), contents.data() + done, contents.size() - done,
                            static_cast<off_t>(done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return no_descriptor();
    done += static_cast<std::size_t>(n);
  }
  return file;
}

sandbox_plan plan_without(const sandbox_request& request, const session_limits& limits) {
  sandbox_plan plan;
  plan.executable = request.executable;
  plan.argv = request.argv;
  plan.folder = request.cwd;
  plan.limits =
      plan_limits(limits, request.has_cgroups,
                  request.uid == 0 ? process_counting::not_at_all : process_counting::of_the_user);
  return plan;
}

} // namespace

result<sandbox_plan> plan_sandbox(const sandbox_profile& profile, const sandbox_request& request,
                                  const path_view& look) {
  const auto limits = stricter(profile.limits, request.limits);
  if (profile.base == sandbox_base::none)
    return plan_without(request, limits);
  if (request.bwrap.empty())
    return failure(terminal_error::sandbox_unavailable,
                   "bubblewrap is not installed (package bubblewrap)");

  mount_request wanted{.cwd = request.cwd,
                       .home = request.home,
                       .secret = {request.data_dir},
                       .shared = request.shared};
  wanted.secret.insert(wanted.secret.end(), request.secret.begin(), request.secret.end());
  ROOST_TRY(const auto mounts,
            plan_mounts(profile, wanted, look ? look : look_as(request.uid, request.groups)));

  sandbox_plan plan;
  plan.is_sandboxed = true;
  plan.executable = request.bwrap;
  plan.folder = "/";
  ROOST_TRY(plan.filter, make_filter(profile.seccomp));
  plan.descriptors = {sandbox_descriptor::options, sandbox_descriptor::keeper};
  if (!plan.filter.empty())
    plan.descriptors.push_back(sandbox_descriptor::filter);
  plan.limits = plan_limits(limits, request.has_cgroups,
                            request.uid == 0 ? process_counting::not_at_all
                                             : process_counting::of_the_sandbox);
  plan.options = describe_options(profile, request, mounts, limits.memory,
                                  plan.filter.empty() ? -1 : first_extra + 2);

  const auto report = first_extra + static_cast<int>(plan.descriptors.size());
  // In the list of processes a session is "bwrap … -- … PROGRAM ARGUMENTS", and no more.
  plan.argv = {"bwrap",
               "--args",
               std::to_string(first_extra),
               "--",
               fmt::format("/proc/self/fd/{}", first_extra + 1),
               std::string(keeper::stage_option),
               std::to_string(report)};
  if (plan.limits.processes_inside > 0) {
    plan.argv.emplace_back("--processes");
    plan.argv.push_back(std::to_string(plan.limits.processes_inside));
  }
  plan.argv.push_back(request.executable);
  if (!request.argv.empty())
    plan.argv.insert(plan.argv.end(), request.argv.begin() + 1, request.argv.end());

  plan.unset.assign(pointless_variables.begin(), pointless_variables.end());
  plan.set = {{"HOME", mounts.home}, {"ROOST_SANDBOX", profile.name}};
  return plan;
}

result<std::vector<unique_fd>> open_descriptors(const sandbox_plan& plan,
                                                const std::string& keeper_program) {
  std::vector<unique_fd> out;
  for (const auto what : plan.descriptors) {
    if (what == sandbox_descriptor::keeper) {
      out.emplace_back(::open(keeper_program.c_str(), O_PATH | O_CLOEXEC));
      if (!out.back())
        return failure(terminal_error::sandbox_unavailable,
                       "the keeper's program cannot be opened");
      continue;
    }
    ROOST_TRY(auto file,
              memory_file(what == sandbox_descriptor::options ? plan.options : plan.filter));
    out.push_back(std::move(file));
  }
  return out;
}

std::string find_bwrap() {
  for (const auto* place : bwrap_places)
    if (::access(place, X_OK) == 0)
      return place;
  return {};
}

} // namespace roost::terminal
