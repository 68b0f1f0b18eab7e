#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/runtime/result.hpp"
#include "actors/runtime/system_user.hpp"

namespace roost::terminal {

/// Environment variables by name. A plain value type; not thread-safe.
class environment {
public:
  environment() = default;
  environment(std::initializer_list<std::pair<const std::string, std::string>> items)
      : items_(items) {}

  /// A copy of this process's environment. Call it at start, before threads may change it.
  static environment of_this_process();

  /// The value, or nullptr.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  /// The value, or `fallback` if the variable is missing or empty.
  [[nodiscard]] std::string get(std::string_view name, std::string_view fallback = {}) const;
  void set(std::string_view name, std::string_view value);
  void set_if_missing(std::string_view name, std::string_view value);
  void erase(std::string_view name);

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  /// "NAME=value" strings, in the order of the names.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }

private:
  std::map<std::string, std::string, std::less<>> items_;
};

/// What a session's environment says about Roost.
struct session_identity {
  std::string session_id;
  /// What the `roost` command inside should talk to: "unix:/…/api.sock"; empty: it may not.
  std::string server;
  std::string version; ///< Roost's version
};

/// Bounds of what a caller may add to the environment.
inline constexpr std::size_t max_env_additions = 256;
inline constexpr std::size_t max_env_name = 256;
inline constexpr std::size_t max_env_bytes = 128 * 1024;

/// Whether a variable of the server's own environment must not reach a session. The classes, and
/// the reason of each, are in actors/terminal/pty/README.md.
bool is_scrubbed(std::string_view name);

/// What of the server's environment is for a session of another user, as at a login: language and
/// time zone. The rest (folders, sockets, keys) is the server's user's.
environment login_environment(const environment& server);

/// The environment of a new session: the server's own without the scrubbed variables, then what the
/// terminal is (TERM, COLORTERM, …), what the session is (ROOST_SESSION_ID, ROOST_SERVER), what
/// every program expects (HOME, USER, LOGNAME, SHELL, PATH, a UTF-8 locale if none is set), then
/// the caller's additions, which win except over ROOST_*. Pure. Error: bad_environment, naming the
/// addition (empty name, '=' or NUL, reserved, over a bound).
result<environment>
session_environment(const environment& server, const user_record& user,
                    const session_identity& identity,
                    const std::vector<std::pair<std::string, std::string>>& additions);

} // namespace roost::terminal
