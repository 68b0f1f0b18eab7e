#include "actors/terminal/sandbox/mounts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace roost::terminal {

namespace {

// Programs, libraries and their settings: what `isolated` shows of the system, and what a working
// directory never makes writable.
constexpr std::array<std::string_view, 10> system_folders = {
    "/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/opt", "/sbin", "/usr"};
// Sandboxes have their own.
constexpr std::array<std::string_view, 2> temporary_folders = {"/tmp", "/var/tmp"};
// Where services listen. A read-only mount does not keep a program from connecting to a socket.
constexpr std::array<std::string_view, 2> socket_folders = {"/run", "/var/run"};
constexpr std::array<std::string_view, 3> kernel_folders = {"/proc", "/sys", "/dev"};

constexpr auto resolver_settings = "/etc/resolv.conf";

bool is_inside_any(const std::string& path, const auto& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](const auto& folder) { return is_within(path, std::string(folder)); });
}
bool holds_any(const std::string& path, const auto& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](const auto& folder) { return is_within(std::string(folder), path); });
}

bool shows_the_host(mount_kind kind) {
  return kind == mount_kind::read_only || kind == mount_kind::writable;
}

/// Folders that may not become a home or a writable working directory as a whole: what the sandbox
/// puts in their place, or within, would be gone.
bool is_structural(const std::string& path) {
  return holds_any(path, temporary_folders) || holds_any(path, socket_folders) ||
         holds_any(path, kernel_folders) || is_inside_any(path, socket_folders) ||
         is_inside_any(path, kernel_folders);
}

std::string first_closed(const std::filesystem::path& canonical, std::uint32_t uid,
                         const std::vector<std::uint32_t>& groups) {
  const auto right_to_enter = [&](const struct stat& folder) {
    const bool is_of_group = std::find(groups.begin(), groups.end(), folder.st_gid) != groups.end();
    return folder.st_uid == uid ? S_IXUSR : is_of_group ? S_IXGRP : S_IXOTH;
  };
  std::filesystem::path at;
  for (const auto& part : canonical.parent_path()) {
    at /= part;
    struct stat folder {};
    if (::stat(at.c_str(), &folder) != 0 ||
        (folder.st_mode & static_cast<mode_t>(right_to_enter(folder))) == 0)
      return at.string();
  }
  return {};
}

class planner {
public:
  planner(const sandbox_profile& profile, const mount_request& request, const path_view& look)
      : profile_(profile), request_(request), look_(look) {}

  result<mount_plan> run() {
    for (const auto& path : request_.secret) {
      auto seen = reachable(look_(path));
      if (seen.kind != path_kind::missing)
        secret_.push_back(std::move(seen));
    }
    add_system();
    add_home();
    if (auto done = add_cwd(); !done)
      return done.error();
    if (auto done = add_folders(profile_.readable, "readable", mount_kind::read_only); !done)
      return done.error();
    if (auto done = add_folders(profile_.writable, "writable", mount_kind::writable); !done)
      return done.error();
    for (const auto& path : profile_.hide)
      hide(look_(expand(path)));
    add_resolver();
    for (const auto& seen : secret_)
      keep_secret(seen);
    if (auto done = add_shared(); !done)
      return done.error();
    pin();
    mount_plan plan;
    for (auto& [path, row] : rows_)
      plan.rows.push_back(std::move(row));
    plan.home = home_;
    plan.cwd = cwd_;
    return plan;
  }

private:
  void put(mount_kind kind, const std::string& path, std::string target = {}) {
    rows_[path] = {kind, path, std::move(target)};
  }

  /// The row that decides what stands at `path`, or nullptr.
  [[nodiscard]] const mount_row* around(const std::string& path) const {
    const mount_row* found = nullptr;
    for (const auto& [at, row] : rows_) // a longer match comes later
      if (is_within(path, at))
        found = &row;
    return found;
  }

  [[nodiscard]] std::string expand(const std::string& path) const {
    return path.starts_with("~/") ? request_.home + path.substr(1) : path;
  }

  [[nodiscard]] bool is_secret(const std::string& path) const {
    return std::any_of(secret_.begin(), secret_.end(),
                       [&](const seen_path& s) { return is_within(path, s.canonical); });
  }
  [[nodiscard]] bool holds_secret(const std::string& path) const {
    return std::any_of(secret_.begin(), secret_.end(),
                       [&](const seen_path& s) { return is_within(s.canonical, path); });
  }

  void add_system() {
    if (profile_.base == sandbox_base::workspace) {
      put(mount_kind::read_only, "/");
    } else {
      for (const auto folder : system_folders) {
        const std::string path(folder);
        const auto seen = look_(path);
        if (seen.kind == path_kind::missing)
          continue;
        if (seen.canonical == path)
          put(mount_kind::read_only, path);
        else
          put(mount_kind::link, path, seen.canonical);
      }
    }
    put(mount_kind::processes, "/proc");
    put(mount_kind::devices, "/dev");
    put(mount_kind::empty, "/dev/shm");
    for (const auto folder : temporary_folders)
      put_if_real(mount_kind::empty, std::string(folder));
    for (const auto folder : socket_folders)
      put_if_real(mount_kind::hidden, std::string(folder));
  }

  /// /var/run is a link to /run nearly everywhere: then there is nothing to do.
  void put_if_real(mount_kind kind, const std::string& path) {
    const auto seen = look_(path);
    if (seen.kind == path_kind::folder && seen.canonical == path)
      put(kind, path);
    else if (profile_.base == sandbox_base::isolated && kind == mount_kind::empty)
      put(kind, path);
  }

  void add_home() {
    const auto seen = look_(request_.home);
    home_ = "/tmp";
    if (seen.kind != path_kind::folder || is_structural(seen.canonical) ||
        is_secret(seen.canonical))
      return;
    home_ = seen.canonical;
    real_home_ = seen.canonical;
    put(profile_.home == home_access::keep        ? mount_kind::writable
        : profile_.home == home_access::read_only ? mount_kind::read_only
                                                  : mount_kind::empty,
        home_);
  }

  result<void> add_cwd() {
    const auto seen = look_(request_.cwd);
    const auto& path = seen.canonical;
    if (seen.kind != path_kind::folder)
      return failure(terminal_error::bad_cwd, "it is not there");
    if (is_secret(path))
      return failure(terminal_error::bad_cwd,
                     "it is a folder of the server itself, which no sandbox shows");
    if (is_inside_any(path, socket_folders) || is_inside_any(path, kernel_folders))
      return failure(terminal_error::bad_cwd,
                     fmt::format("the sandbox profile '{}' does not show it", profile_.name));
    for (const auto& hidden : profile_.hide)
      if (const auto at = look_(expand(hidden));
          at.kind != path_kind::missing && is_within(path, at.canonical))
        return failure(terminal_error::bad_cwd,
                       fmt::format("the sandbox profile '{}' hides it", profile_.name));
    // A whole home, or what the server's own folder lies in, is never made writable by being where
    // a program starts: it holds what runs outside of the sandbox.
    const bool is_project = !holds_secret(path) && !is_structural(path) &&
                            !is_inside_any(path, system_folders) &&
                            (real_home_.empty() || !is_within(real_home_, path));
    if (is_project)
      put(mount_kind::writable, path);
    const auto* const row = around(path);
    const bool is_there = row != nullptr && (shows_the_host(row->kind) || row->path == path);
    cwd_ = is_there ? path : home_;
    return {};
  }

  /// Failures count the paths and do not name them: who starts a session need not know them.
  result<void> add_folders(const std::vector<std::string>& paths, std::string_view list,
                           mount_kind kind) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const auto seen = look_(expand(paths[i]));
      const auto complain = [&](std::string_view what) {
        return failure(terminal_error::sandbox_unavailable,
                       fmt::format("path {} of '{}' in the profile '{}' {}", i + 1, list,
                                   profile_.name, what));
      };
      if (seen.kind == path_kind::missing)
        return complain("is not there");
      if (is_secret(seen.canonical) || seen.canonical == "/" ||
          is_inside_any(seen.canonical, kernel_folders))
        return complain("may not be shown");
      put(kind, seen.canonical);
    }
    return {};
  }

  /// Nothing can be mounted where the user may not go: there the closed folder is hidden whole.
  static seen_path reachable(seen_path what) {
    return what.closed_at.empty() ? what : seen_path{what.closed_at, path_kind::folder};
  }

  void hide(const seen_path& wanted) {
    const auto what = reachable(wanted);
    if (what.kind != path_kind::missing && what.canonical != "/")
      put(what.kind == path_kind::folder ? mount_kind::hidden : mount_kind::hidden_file,
          what.canonical);
  }

  /// The name servers are often listed in a file below /run.
  void add_resolver() {
    const auto seen = look_(resolver_settings);
    if (profile_.network == network_access::none || seen.kind != path_kind::file ||
        is_secret(seen.canonical))
      return;
    if (const auto* const row = around(seen.canonical);
        row == nullptr || !shows_the_host(row->kind))
      put(mount_kind::read_only, seen.canonical);
  }

  void keep_secret(const seen_path& what) {
    std::erase_if(rows_, [&](const auto& item) { return is_within(item.first, what.canonical); });
    // Where nothing of the host is seen there is nothing to hide, and no name to give away.
    if (const auto* const row = around(what.canonical); row != nullptr && shows_the_host(row->kind))
      hide(what);
  }

  result<void> add_shared() {
    for (const auto& path : request_.shared) {
      const auto seen = look_(path);
      if (seen.kind == path_kind::missing || !seen.closed_at.empty())
        continue;
      if (holds_secret(seen.canonical))
        return failure(terminal_error::sandbox_unavailable,
                       "the server's own files lie where no sandbox may look");
      put(mount_kind::read_only, seen.canonical);
    }
    return {};
  }

  /// A folder that can be written can be renamed with all that is hidden in it, and another one put
  /// in its place: outside, that would stand where the server expects its own. What is a mount
  /// point cannot be renamed, so each folder on the way to a hidden one becomes one.
  void pin() {
    std::vector<std::string> pins;
    for (const auto& [path, row] : rows_) {
      if (row.kind != mount_kind::hidden && row.kind != mount_kind::hidden_file)
        continue;
      const auto parent = std::filesystem::path(path).parent_path().string();
      const auto* const outer = around(parent);
      if (outer == nullptr || outer->kind != mount_kind::writable)
        continue;
      for (auto at = parent; at != outer->path && at.size() > 1;
           at = std::filesystem::path(at).parent_path().string())
        pins.push_back(at);
    }
    for (const auto& path : pins)
      put(mount_kind::writable, path);
  }

  const sandbox_profile& profile_;
  const mount_request& request_;
  const path_view& look_;
  std::vector<seen_path> secret_;
  std::map<std::string, mount_row> rows_;
  std::string home_;
  std::string real_home_; ///< empty: the user has none
  std::string cwd_;
};

} // namespace

bool is_within(const std::string& path, const std::string& folder) {
  if (folder == "/")
    return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

path_view look_as(std::uint32_t uid, std::vector<std::uint32_t> groups) {
  return [is_other = uid != ::geteuid(), uid,
          groups = std::move(groups)](const std::string& path) -> seen_path {
    std::error_code failed;
    const auto canonical = std::filesystem::canonical(path, failed);
    if (failed) {
      const auto known = std::filesystem::weakly_canonical(path, failed);
      return {failed ? path : known.string(), path_kind::missing};
    }
    const auto status = std::filesystem::status(canonical, failed);
    const bool is_folder = !failed && std::filesystem::is_directory(status);
    return {canonical.string(), is_folder ? path_kind::folder : path_kind::file,
            is_other ? first_closed(canonical, uid, groups) : std::string()};
  };
}

result<mount_plan> plan_mounts(const sandbox_profile& profile, const mount_request& request,
                               const path_view& look) {
  return planner(profile, request, look).run();
}

} // namespace roost::terminal
