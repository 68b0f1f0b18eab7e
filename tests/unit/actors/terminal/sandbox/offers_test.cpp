#include "actors/terminal/sandbox/offers.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint32_t root = 0;
constexpr std::uint32_t user = 1000;
constexpr auto* bwrap = "/usr/bin/bwrap";

using files = std::map<std::string, std::string>;

file_reader reader(files with) {
  return [with = std::move(with)](const std::string& path) {
    const auto at = with.find(path);
    return at == with.end() ? std::string{} : at->second;
  };
}

/// A kernel that allows everything.
files open_kernel() {
  files out{{"/proc/sys/kernel/unprivileged_userns_clone", "1\n"}};
  for (const auto* kind : {"user", "mnt", "pid", "ipc", "uts", "net"})
    out["/proc/sys/user/max_" + std::string(kind) + "_namespaces"] = "31385\n";
  return out;
}

sandbox_obstacles obstacles_with(const std::string& path, const std::string& text,
                                 std::uint32_t uid = user) {
  auto kernel = open_kernel();
  kernel[path] = text;
  return find_obstacles(bwrap, uid, reader(kernel));
}

TEST(sandbox_offers, nothing_stands_in_the_way) {
  for (const auto& kernel : {open_kernel(), files{}}) { // other kernels have no such settings
    const auto found = find_obstacles(bwrap, user, reader(kernel));
    EXPECT_THAT(found.any, IsEmpty());
    EXPECT_THAT(found.network, IsEmpty());
  }
}

TEST(sandbox_offers, bubblewrap_is_missing) {
  EXPECT_THAT(find_obstacles("", user, reader(open_kernel())).any, HasSubstr("bubblewrap"));
}

TEST(sandbox_offers, the_kernel_allows_none) {
  for (const auto* kind : {"user", "mnt", "pid", "ipc", "uts"}) {
    const auto name = "max_" + std::string(kind) + "_namespaces";
    const auto found = obstacles_with("/proc/sys/user/" + name, "0\n", root);
    EXPECT_THAT(found.any, HasSubstr("user." + name + " is 0"));
    EXPECT_THAT(found.network, IsEmpty());
  }
  EXPECT_THAT(obstacles_with("/proc/sys/user/max_pid_namespaces", "10\n").any, IsEmpty());
}

TEST(sandbox_offers, the_kernel_allows_root_only) {
  const std::string path = "/proc/sys/kernel/unprivileged_userns_clone";
  EXPECT_THAT(obstacles_with(path, "0\n", user).any, HasSubstr("unprivileged_userns_clone"));
  EXPECT_THAT(obstacles_with(path, "0\n", root).any, IsEmpty());
}

TEST(sandbox_offers, no_network_of_its_own) {
  const auto found = obstacles_with("/proc/sys/user/max_net_namespaces", "0\n");
  EXPECT_THAT(found.any, IsEmpty());
  EXPECT_THAT(found.network, HasSubstr("max_net_namespaces"));
}

sandbox_config with_profiles() {
  sandbox_config config;
  config.default_profile = "ci";
  sandbox_profile ci = *find_sandbox_profile({}, "isolated");
  ci.name = "ci";
  ci.network = network_access::keep;
  ci.writable = {"~/.cache/ci", "/srv/out"};
  ci.hide = {"/etc/ci-secrets"};
  config.profiles = {ci};
  return config;
}

TEST(sandbox_offers, every_profile_is_offered_once) {
  const auto offers = offer_profiles(with_profiles(), {});
  ASSERT_EQ(offers.size(), 4U);
  std::vector<std::string> names;
  for (const auto& offer : offers) {
    names.push_back(offer.profile.name);
    EXPECT_EQ(offer.is_default, offer.profile.name == "ci");
    EXPECT_THAT(offer.why_not, IsEmpty());
    EXPECT_THAT(offer.description, Not(IsEmpty()));
  }
  EXPECT_THAT(names, testing::ElementsAre("none", "workspace", "isolated", "ci"));
}

TEST(sandbox_offers, an_obstacle_is_said_of_those_that_it_concerns) {
  const auto said = [](const sandbox_obstacles& in_the_way) {
    std::vector<std::string> out;
    for (const auto& offer : offer_profiles(with_profiles(), in_the_way))
      out.push_back(offer.why_not);
    return out;
  };
  EXPECT_THAT(said({"no bwrap", ""}), testing::ElementsAre("", "no bwrap", "no bwrap", "no bwrap"));
  EXPECT_THAT(said({"", "no net"}), testing::ElementsAre("", "", "no net", ""));
  EXPECT_THAT(said({"no bwrap", "no net"}),
              testing::ElementsAre("", "no bwrap", "no bwrap", "no bwrap"));
}

TEST(sandbox_offers, descriptions_say_what_differs) {
  const auto text = [](std::string_view name) {
    return describe_profile(*find_sandbox_profile(with_profiles(), name));
  };
  EXPECT_THAT(text("none"), HasSubstr("No sandbox"));
  EXPECT_THAT(text("workspace"), HasSubstr("The network is there"));
  EXPECT_THAT(text("workspace"), HasSubstr("The home can be read"));
  EXPECT_THAT(text("isolated"), HasSubstr("No network"));
  EXPECT_THAT(text("isolated"), HasSubstr("The home is empty"));
  EXPECT_THAT(text("ci"), HasSubstr("~/.cache/ci, /srv/out"));
  EXPECT_THAT(text("ci"), HasSubstr("The network is there"));
  EXPECT_THAT(text("ci"), Not(HasSubstr("ci-secrets")));
}

} // namespace
} // namespace roost::terminal
