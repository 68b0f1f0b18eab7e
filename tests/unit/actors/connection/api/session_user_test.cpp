#include "actors/connection/api/session_user.hpp"

#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

principal somebody(role may, std::string run_as = {}) {
  principal who;
  who.may = may;
  who.run_as = std::move(run_as);
  return who;
}

struct user_case {
  principal who;
  std::string asked;
  std::string chosen; ///< "!": refused
};

TEST(session_user, who_may_choose) {
  const std::string none;
  const user_case cases[] = {
      {somebody(role::operate), "", none},
      {somebody(role::operate), "ada", "ada"}, // whom nobody has to ask for
      {somebody(role::operate), "bob", "!"},
      {somebody(role::operate), "root", "!"},
      {somebody(role::admin), "", none},
      {somebody(role::admin), "bob", "bob"},
      {somebody(role::operate, "bob"), "", "bob"},
      {somebody(role::operate, "bob"), "bob", "bob"},
      {somebody(role::operate, "bob"), "ada", "!"}, // also the default
      {somebody(role::operate, "bob"), "root", "!"},
      {somebody(role::admin, "bob"), "ada", "!"}, // from a file that somebody has edited
  };
  for (const auto& x : cases) {
    const auto chosen = session_user(x.who, x.asked, "ada");
    ASSERT_EQ(!chosen, x.chosen == "!") << x.who.run_as << " asks for " << x.asked;
    if (chosen)
      EXPECT_EQ(*chosen, x.chosen);
    else
      EXPECT_TRUE(chosen.error().is(terminal_error::run_as_refused)) << chosen.error().detail;
  }
}

} // namespace
} // namespace roost::connection::api
