#include "actors/terminal/sandbox/offers.hpp"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "actors/terminal/sandbox/sandbox.hpp"

namespace roost::terminal {

namespace {

// That each sandbox makes.
constexpr std::array<const char*, 5> needed_namespaces = {"user", "mnt", "pid", "ipc", "uts"};

bool is_zero(std::string_view text) {
  return text.find_first_not_of("0 \t\n") == std::string_view::npos && !text.empty();
}

std::string closed_by(const std::string& setting, const char* value) {
  return fmt::format("the kernel allows no namespaces for it: {} is {}", setting, value);
}

/// Whether sysctl `name` ("user.max_pid_namespaces") is 0.
bool is_off(const std::string& name, const file_reader& read) {
  std::string path = "/proc/sys/" + name;
  path.replace(path.find('.'), 1, "/");
  return is_zero(read(path));
}

std::string list_of(const std::vector<std::string>& paths) {
  std::string text;
  for (const auto& path : paths)
    text += (text.empty() ? "" : ", ") + path;
  return text;
}

} // namespace

sandbox_obstacles find_obstacles(const std::string& bwrap, std::uint32_t uid,
                                 const file_reader& read) {
  sandbox_obstacles out;
  const std::string restricted = "kernel.unprivileged_userns_clone"; // Debian's
  if (bwrap.empty())
    out.any = "bubblewrap is not installed (package bubblewrap)";
  else if (uid != 0 && is_off(restricted, read))
    out.any = closed_by(restricted, "0");
  for (const auto* kind : needed_namespaces)
    if (const auto name = fmt::format("user.max_{}_namespaces", kind);
        out.any.empty() && is_off(name, read))
      out.any = closed_by(name, "0");
  if (const std::string name = "user.max_net_namespaces"; is_off(name, read))
    out.network = closed_by(name, "0");
  return out;
}

sandbox_obstacles find_obstacles() {
  return find_obstacles(find_bwrap(), ::geteuid(), [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  });
}

std::string describe_profile(const sandbox_profile& profile) {
  if (profile.base == sandbox_base::none)
    return "No sandbox: sees and may do what the server's user does.";
  std::string text = profile.base == sandbox_base::workspace
                         ? "The system is read-only, the working directory is writable."
                         : "Only programs and their settings are there, read-only; the working "
                           "directory is writable.";
  switch (profile.home) {
  case home_access::keep:
    text += " The home is writable.";
    break;
  case home_access::read_only:
    text += " The home can be read.";
    break;
  case home_access::hide:
    text += " The home is empty.";
    break;
  }
  text += profile.network == network_access::keep ? " The network is there." : " No network.";
  if (!profile.writable.empty())
    text += " Also writable: " + list_of(profile.writable) + ".";
  if (!profile.hide.empty())
    text += fmt::format(" Hidden: {} more.", profile.hide.size());
  return text;
}

std::vector<sandbox_offer> offer_profiles(const sandbox_config& config,
                                          const sandbox_obstacles& obstacles) {
  std::vector<sandbox_offer> out;
  for (const auto* list : {&builtin_sandbox_profiles(), &config.profiles})
    for (const auto& profile : *list) {
      sandbox_offer offer{
          profile, describe_profile(profile), profile.name == config.default_profile, {}};
      if (profile.base != sandbox_base::none)
        offer.why_not = !obstacles.any.empty() || profile.network == network_access::keep
                            ? obstacles.any
                            : obstacles.network;
      out.push_back(std::move(offer));
    }
  return out;
}

} // namespace roost::terminal
