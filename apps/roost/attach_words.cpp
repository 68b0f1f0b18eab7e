#include "apps/roost/attach_words.hpp"

#include "apps/roost/text_table.hpp"

namespace roost::cli {

namespace {

std::string shown(terminal_size size) {
  return std::to_string(size.columns) + "x" + std::to_string(size.rows);
}

} // namespace

std::string greeting(std::string_view name, const link_attached& news, terminal_size mine,
                     std::string_view detach_keys) {
  const std::string detaches = std::string(detach_keys) + " detaches";
  std::string text = news.mode == viewing::view ? "[watching " : "[attached to ";
  text += printable(name) + "; " + detaches + "]\r\n";
  if (!(news.size == mine) && !news.is_holder)
    text += "[its size is " + shown(news.size) + ", this window's is " + shown(mine) +
            "; typing here makes it fit]\r\n";
  // The snapshot scrolls this up; a title that the session has set comes after ours.
  return text + "\x1b]2;" + printable(name) + " (" + detaches + ")\x1b\\";
}

std::string farewell(std::string_view name, std::string_view id, bool is_server_full) {
  std::string text =
      "[detached from " + printable(name) + "; `roost attach " + printable(id) + "` comes back]\n";
  if (is_server_full)
    text += "[the server is full: it refuses new connections for now]\n";
  return text;
}

std::string ended_words(std::string_view name, std::string_view how) {
  return "[" + printable(name) + " has ended" + (how.empty() ? "" : ": " + std::string(how)) +
         "]\n";
}

} // namespace roost::cli
