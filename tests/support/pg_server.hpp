#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_folder.hpp"

namespace roost::test {

/// A real PostgreSQL for tests, in a temporary folder, reached by a Unix socket in it only. It
/// survives nothing but its own death (fsync is off), and ends with the test program, also when
/// that crashes. Where root runs the tests, it runs as `postgres`, or else `nobody`.
///
/// Everything throws std::runtime_error with the server's own words. Used from one thread, which
/// lives as long as the server: the kernel ends the server with the thread that started it.
class pg_server {
public:
  /// The one of this test program, started when it is first asked for.
  static pg_server& shared();

  /// Makes a cluster and starts its server; returns when it takes connections.
  pg_server();
  ~pg_server();
  pg_server(const pg_server&) = delete;
  pg_server& operator=(const pg_server&) = delete;

  /// Ends the server and waits until it has. @param how SIGINT: connections are closed in order,
  /// SIGQUIT: at once, with a recovery at the next start; SIGKILL: a crash.
  void end(int how = SIGINT);
  /// Starts it again on the same databases.
  void start();
  /// Of the postmaster; -1 while none runs.
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Makes a database that no other test uses; returns its name. @param from what it is a copy of;
  /// nobody may be connected to that.
  std::string make_database(std::string_view from = "template0");
  /// What to connect to, as a superuser without a password.
  [[nodiscard]] std::string url(std::string_view database = "postgres") const;
  /// Carries out statements. @returns the rows of the last one, empty texts for NULL.
  std::vector<std::vector<std::string>> sql(const std::string& statements,
                                            std::string_view database = "postgres") const;

private:
  [[nodiscard]] pid_t spawn(const std::vector<std::string>& command, const char* log) const;
  [[nodiscard]] std::string log(const char* name) const;

  temp_folder folder_;
  std::string programs_; ///< folder of initdb and postgres
  uid_t user_;
  gid_t group_;
  pid_t pid_ = -1;
  std::uint64_t databases_ = 0;
};

} // namespace roost::test
