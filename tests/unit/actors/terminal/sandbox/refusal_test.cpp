#include "actors/terminal/sandbox/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(refusal, each_of_bubblewraps_words_becomes_advice) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"bwrap: No permissions to creating new namespace, likely because the kernel does not allow "
       "non-privileged user namespaces.",
       "kernel.unprivileged_userns_clone"},
      {"bwrap: setting up uid map: Permission denied\r\n", "AppArmor"},
      {"bwrap: Creating new namespace failed: Resource temporarily unavailable", "ulimit -u"},
      {"bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces "
       "exceeded (ENOSPC)",
       "user.max_user_namespaces"},
      {"bwrap: Unknown option --disable-userns", "too old"},
      {"bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "containers"},
      {"bwrap: Can't find source path /srv/clients/acme: No such file or directory", "folders"},
      {"bwrap: Can't chdir to /srv/clients/acme: Permission denied", "working directory"},
      {"bwrap: prctl(PR_SET_SECCOMP): Invalid argument", "filters"},
      {"Segmentation fault", "the server's log"},
      {"", "the server's log"},
  };
  for (const auto& [printed, advice] : cases) {
    const auto why = explain_refusal(printed, "ci");
    EXPECT_TRUE(why.is(terminal_error::sandbox_unavailable));
    EXPECT_THAT(why.detail, HasSubstr(advice)) << printed;
    EXPECT_THAT(why.detail, HasSubstr("'ci'"));
  }
}

TEST(refusal, no_path_of_the_machine_is_passed_on) {
  for (const auto* printed : {"bwrap: Can't find source path /srv/clients/acme: No such file",
                              "bwrap: Can't mkdir /srv/clients/acme: Permission denied",
                              "something else about /srv/clients/acme"})
    EXPECT_THAT(explain_refusal(printed, "ci").detail, Not(HasSubstr("acme")));
}

} // namespace
} // namespace roost::terminal
