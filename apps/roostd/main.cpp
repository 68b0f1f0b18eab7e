// roostd: flags -> configuration -> node -> wait for signals -> drain.

#include "actors/runtime/config_load.hpp"
#include "actors/runtime/log.hpp"
#include "apps/roostd/migrate.hpp"
#include "apps/roostd/node.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace {

using namespace roost;

constexpr int exit_internal = 70;
constexpr int exit_usage = 64;

int refuse(const loaded_config& loaded) {
  for (const auto& problem : loaded.problems)
    std::fprintf(stderr, "roostd: %s\n", problem.to_string().c_str());
  return loaded.exit_code;
}

/// Ends the process when a shutdown takes longer than it may: a hung part must not keep a machine
/// from restarting its server.
class watchdog {
public:
  explicit watchdog(std::chrono::milliseconds limit)
      : thread_([this, limit] {
          std::unique_lock lock(mutex_);
          if (!done_.wait_for(lock, limit, [this] { return is_done_; })) {
            std::fputs("roostd: shutdown took too long, ending now\n", stderr);
            ::_exit(exit_internal);
          }
        }) {}
  ~watchdog() {
    {
      std::lock_guard lock(mutex_);
      is_done_ = true;
    }
    done_.notify_one();
  }
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::jthread thread_;
};

int serve(const loaded_config& loaded, const config_inputs& inputs) {
  for (const auto& warning : loaded.warnings)
    std::fprintf(stderr, "roostd: %s\n", warning.c_str());
  // Before anybody can know that the server runs: a signal from then on means a drain.
  boost::asio::io_context signals_io;
  boost::asio::signal_set signals(signals_io, SIGTERM, SIGINT, SIGHUP);
  node server(loaded.values);
  if (auto started = server.start(); !started) {
    const auto& row = describe(started.error());
    std::fprintf(stderr, "roostd: %.*s: %s\n", static_cast<int>(row.title.size()), row.title.data(),
                 started.error().detail.c_str());
    return row.cli_exit;
  }
  auto url = server.login_url();
  if (!url) {
    std::fputs("roostd: the login token cannot be read or made; see the log\n", stderr);
    return exit_internal;
  }
  std::printf("Roost is ready: %s\n", url->c_str());
  std::fflush(stdout);

  bool is_stopping = false;
  auto running = loaded.values;
  while (!is_stopping) {
    signals.async_wait([&](const boost::system::error_code& ec, int number) {
      if (ec || number != SIGHUP) {
        is_stopping = true;
        return;
      }
      const auto fresh = load_config(inputs);
      if (!fresh.problems.empty()) {
        refuse(fresh); // the running configuration stays
        return;
      }
      const auto plan = plan_reload(running, fresh.values);
      for (const auto& key : plan.needs_restart)
        std::fprintf(stderr, "roostd: %s was changed and needs a restart\n", key.c_str());
      running = plan.next;
      server.reload(running);
    });
    signals_io.restart();
    signals_io.run();
  }
  // A second signal ends the process at once, as people expect of Ctrl-C.
  signals.cancel();
  signals.clear();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const watchdog bound(running.connections.drain_delay + running.shutdown_timeout * 2);
  server.stop();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // Inherited as ignored, it would lose every session's exit status.
  std::signal(SIGCHLD, SIG_DFL);
  std::optional<migrate_action> migration;
  if (argc > 1 && std::string_view(argv[1]) == "migrate") {
    if (argc > 2)
      migration = find_migrate_action(argv[2]);
    if (!migration) {
      std::fputs("roostd: usage: roostd migrate (status|up|verify) [OPTION]…\n", stderr);
      return exit_usage;
    }
    // What follows is as for the server.
    argv[2] = argv[0];
    argv += 2;
    argc -= 2;
  }
  const auto inputs = process_inputs(argc, argv);
  const auto loaded = load_config(inputs);
  switch (loaded.action) {
  case config_action::version:
    std::puts("roostd " ROOST_VERSION);
    return 0;
  case config_action::help:
    std::fputs(config_usage().c_str(), stdout);
    return 0;
  case config_action::check_config:
    if (!loaded.problems.empty())
      return refuse(loaded);
    std::puts("the configuration is valid");
    return 0;
  case config_action::print_config:
    if (!loaded.problems.empty())
      return refuse(loaded);
    std::fputs(print_config(loaded).c_str(), stdout);
    return 0;
  case config_action::run:
    break;
  }
  if (!loaded.problems.empty())
    return refuse(loaded);
  log::init(loaded.values.log);
  try {
    if (migration)
      return migrate(loaded.values, *migration);
    return serve(loaded, inputs);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "roostd: internal error: %s\n", e.what());
    return exit_internal;
  }
}
