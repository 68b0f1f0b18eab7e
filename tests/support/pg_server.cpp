#include "tests/support/pg_server.hpp"

#include <libpq-fe.h>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

// libpqxx 6.4 forgets the answer that tells it of a lost connection: it asks for the encoding of
// the text in it, which a lost connection has not got, and throws. One small block per lost
// connection. NOLINTNEXTLINE(bugprone-reserved-identifier): the name is LeakSanitizer's.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4"; }

namespace roost::test {

namespace {

using connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;
using answer = std::unique_ptr<PGresult, void (*)(PGresult*)>;

// A start can wait for what a crashed server has left, on a busy machine.
constexpr std::chrono::seconds patience{60};

/// The folder of the newest server that is installed.
std::string find_programs() {
  namespace fs = std::filesystem;
  std::string found;
  int newest = 0;
  std::error_code ignored; // a folder that is not there has no server
  for (const auto& each : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(each.path().filename().c_str());
    if (version > newest && fs::exists(each.path() / "bin/postgres")) {
      newest = version;
      found = each.path() / "bin";
    }
  }
  if (!found.empty())
    return found;
  const std::unique_ptr<FILE, int (*)(FILE*)> asked(::popen("pg_config --bindir 2>/dev/null", "r"),
                                                    ::pclose);
  char line[1024] = {};
  if (asked && std::fgets(line, sizeof line, asked.get()) != nullptr)
    found = std::string(line, std::string_view(line).find_last_not_of('\n') + 1);
  if (!fs::exists(found + "/postgres"))
    throw std::runtime_error("no PostgreSQL server is installed: apt-get install postgresql");
  return found;
}

/// Who the server runs as: it refuses to be root.
const passwd& find_user() {
  if (::geteuid() != 0)
    if (const auto* self = ::getpwuid(::geteuid()))
      return *self;
  for (const char* name : {"postgres", "nobody"})
    if (const auto* user = ::getpwnam(name))
      return *user;
  throw std::runtime_error("no user for PostgreSQL");
}

int wait_for_end(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

} // namespace

pg_server& pg_server::shared() {
  static pg_server one;
  return one;
}

pg_server::pg_server()
    : programs_(find_programs()), user_(find_user().pw_uid), group_(find_user().pw_gid) {
  if (::geteuid() == 0 && ::chown(folder_.path().c_str(), user_, group_) != 0)
    throw std::runtime_error("cannot give a folder to PostgreSQL");
  const int status =
      wait_for_end(spawn({programs_ + "/initdb", "--pgdata", folder_ / "data", "--auth=trust",
                          "--username=roost", "--no-sync", "--no-locale", "--encoding=UTF8"},
                         "initdb.log"));
  if (status != 0)
    throw std::runtime_error("initdb failed: " + log("initdb.log"));
  start();
}

pg_server::~pg_server() { end(SIGQUIT); }

void pg_server::end(int how) {
  if (pid_ < 0)
    return;
  ::kill(pid_, how);
  wait_for_end(pid_);
  pid_ = -1;
}

void pg_server::start() {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (PQping(url().c_str()) != PQPING_OK) {
    // A server that cannot start as what a killed one has left still runs, ends; so it is tried
    // again.
    int status = 0;
    if (pid_ < 0 || ::waitpid(pid_, &status, WNOHANG) == pid_)
      pid_ = spawn({programs_ + "/postgres", "-D", folder_ / "data", "-k", folder_.path(), "-c",
                    "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c",
                    "max_connections=50", "-c", "shared_buffers=16MB"},
                   "server.log");
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("PostgreSQL does not start: " + log("server.log"));
    // Whether it answers can only be asked for, not waited for.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

pid_t pg_server::spawn(const std::vector<std::string>& command, const char* log) const {
  // All that allocates is done before the fork.
  std::vector<char*> words;
  for (const auto& word : command)
    words.push_back(const_cast<char*>(word.c_str())); // execv does not write to them
  words.push_back(nullptr);
  const auto log_path = folder_ / log;
  const auto parent = ::getpid();
  const auto child = ::fork();
  if (child < 0)
    throw std::runtime_error("no process for PostgreSQL");
  if (child > 0)
    return child;
  // A group of its own: a Ctrl-C at the tests is not for the server. Its death signal comes last,
  // as a change of the user takes it away.
  const bool may_change = ::geteuid() == 0;
  if (::setpgid(0, 0) != 0 ||
      (may_change &&
       (::setgroups(0, nullptr) != 0 || ::setgid(group_) != 0 || ::setuid(user_) != 0)) ||
      ::prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || ::getppid() != parent ||
      ::chdir(folder_.path().c_str()) != 0)
    ::_exit(126);
  const int output = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int input = ::open("/dev/null", O_RDONLY);
  if (output < 0 || input < 0 || ::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 ||
      ::dup2(output, 2) < 0)
    ::_exit(126);
  // Nothing of the test's is held open by a server.
  ::close_range(3, ~0U, 0);
  ::execv(words[0], words.data());
  ::_exit(127);
}

std::string pg_server::log(const char* name) const {
  std::ostringstream out;
  out << std::ifstream(folder_ / name).rdbuf();
  return out.str();
}

std::string pg_server::url(std::string_view database) const {
  return "postgresql:///" + std::string(database) + "?host=" + folder_.path() + "&user=roost";
}

std::string pg_server::make_database(std::string_view from) {
  auto name = "test_" + std::to_string(++databases_);
  sql("CREATE DATABASE " + name + " TEMPLATE " + std::string(from));
  return name;
}

std::vector<std::vector<std::string>> pg_server::sql(const std::string& statements,
                                                     std::string_view database) const {
  const connection link(PQconnectdb(url(database).c_str()), PQfinish);
  if (PQstatus(link.get()) != CONNECTION_OK)
    throw std::runtime_error(PQerrorMessage(link.get()));
  const answer got(PQexec(link.get(), statements.c_str()), PQclear);
  const auto status = PQresultStatus(got.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(PQerrorMessage(link.get()));
  std::vector<std::vector<std::string>> rows(static_cast<std::size_t>(PQntuples(got.get())));
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (int column = 0; column < PQnfields(got.get()); ++column)
      rows[row].emplace_back(PQgetvalue(got.get(), static_cast<int>(row), column));
  return rows;
}

} // namespace roost::test
