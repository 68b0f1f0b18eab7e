#include "apps/roost/attach_words.hpp"

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

TEST(attach_words, the_greeting_names_the_session_and_how_to_leave) {
  link_attached news;
  news.is_holder = true;
  news.size = {100, 30};
  EXPECT_EQ(greeting("work", news, {80, 24}, "Ctrl-\\ d"),
            "[attached to work; Ctrl-\\ d detaches]\r\n\x1b]2;work (Ctrl-\\ d detaches)\x1b\\");
  news.is_holder = false;
  news.mode = viewing::view;
  const auto text = greeting("a\x1b[2Jb", news, {80, 24}, "Ctrl-a d");
  EXPECT_TRUE(text.starts_with("[watching a"));
  EXPECT_NE(text.find("[its size is 100x30, this window's is 80x24; typing here makes it fit]\r\n"),
            std::string::npos);
  EXPECT_EQ(text.find("\x1b[2J"), std::string::npos) << "a title is only text";
}

TEST(attach_words, the_farewell_says_how_to_come_back_and_whether_that_may_fail) {
  EXPECT_EQ(farewell("work", "abc", false),
            "[detached from work; `roost attach abc` comes back]\n");
  EXPECT_EQ(farewell("work", "abc", true),
            "[detached from work; `roost attach abc` comes back]\n"
            "[the server is full: it refuses new connections for now]\n");
}

TEST(attach_words, the_end_has_its_status_where_that_is_known) {
  EXPECT_EQ(ended_words("work", "exit 3"), "[work has ended: exit 3]\n");
  EXPECT_EQ(ended_words("work", ""), "[work has ended]\n");
}

} // namespace
} // namespace roost::cli
