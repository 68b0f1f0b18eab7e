#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "apps/keeper/daemon.hpp"
#include "apps/keeper/log.hpp"
#include "apps/keeper/program_keeper.hpp"
#include "apps/keeper/stage.hpp"

namespace roost::keeper {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr const char* help =
    "usage: roost-keeper [OPTION…] FOLDER\n"
    "\n"
    "Holds the terminals of a roost server, so that they outlive it. roostd starts it; FOLDER is\n"
    "roostd's DATA/keeper and must be closed to other users.\n"
    "\n"
    "  --foreground      do not become a daemon; for a service manager\n"
    "  --linger SECONDS  without sessions and server, end after this time (default 5)\n"
    "  --no-cgroups      end process trees without cgroups\n"
    "  --version\n"
    "  --help\n";

struct command_line {
  keeper_options options;
  std::string folder;
  bool is_foreground = false;
};

/// Nothing: `complaint` says why.
std::optional<command_line> read_words(int count, char** words, std::string& complaint) {
  command_line out;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--foreground") {
      out.is_foreground = true;
    } else if (word == "--no-cgroups") {
      out.options.may_use_cgroups = false;
    } else if (word == "--linger") {
      const std::string_view value = i + 1 < count ? words[++i] : "";
      unsigned seconds = 0;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (parsed.ec != std::errc{} || parsed.ptr != value.data() + value.size() ||
          seconds > 86'400) {
        complaint = "--linger wants seconds, 0 to 86400";
        return std::nullopt;
      }
      out.options.linger = std::chrono::seconds(seconds);
    } else if (word.starts_with('-') || !out.folder.empty()) {
      complaint = "not understood: " + std::string(word);
      return std::nullopt;
    } else {
      out.folder = word;
    }
  }
  if (out.folder.empty()) {
    complaint = "no FOLDER";
    return std::nullopt;
  }
  return out;
}

/// Sessions take four descriptors each. Programs get the old limit back.
inheritance take_inheritance() {
  inheritance out;
  ::getrlimit(RLIMIT_NOFILE, &out.files);
  const rlimit most{out.files.rlim_max, out.files.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &most);
  out.umask = ::umask(077);
  return out;
}

int keep(const command_line& wanted) {
  std::string complaint;
  auto folder = open_folder(wanted.folder, complaint);
  if (!folder) {
    std::fprintf(stderr, "roost-keeper: %s\n", complaint.c_str());
    return exit_failed;
  }
  const auto inherited = take_inheritance();
  auto parent = wanted.is_foreground ? descriptor() : fork_daemon();
  const auto stop = [&](int status) {
    if (wanted.is_foreground)
      std::fprintf(stderr, "roost-keeper: %s\n", complaint.c_str());
    tell_parent(std::move(parent), status, complaint);
    return status;
  };
  if (::chdir("/") != 0)
    return stop(exit_failed);
  descriptor lock;
  switch (claim_folder(folder, lock, complaint)) {
  case claim::ours:
    break;
  case claim::taken:
    return stop(0);
  case claim::failed:
    return stop(exit_failed);
  }
  auto listener = listen_in(folder, complaint);
  if (!listener || (!wanted.is_foreground && !log_to(folder, complaint)))
    return stop(exit_failed);
  program_keeper self(wanted.options, inherited, std::move(folder), std::move(listener));
  tell_parent(std::move(parent), 0, "");
  return self.run();
}

} // namespace
} // namespace roost::keeper

int main(int count, char** words) {
  using namespace roost::keeper;
  const std::string_view first = count > 1 ? words[1] : "";
  if (first == stage_option)
    return run_stage(count - 2, words + 2); // with the sandbox's environment and descriptors
  if (first == "--help" || first == "--version") {
    std::fputs(first == "--help" ? help : "roost-keeper " ROOST_VERSION "\n", stdout);
    return 0;
  }
  shed_inheritance();
  std::string complaint;
  const auto wanted = read_words(count, words, complaint);
  if (!wanted) {
    std::fprintf(stderr, "roost-keeper: %s\n%s", complaint.c_str(), help);
    return exit_usage;
  }
  return keep(*wanted);
}
