#include "actors/connection/ws_messages.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

namespace roost::fuzz {

void client_message(std::string_view data) {
  const auto parsed = connection::parse_client_message(data);
  if (parsed)
    return;
  ROOST_FUZZ_CHECK(is_presentable(parsed.error().detail));
  ROOST_FUZZ_CHECK(describe(parsed.error()).http_status < 500);
  // What the client is told is itself a frame that parses as JSON, whatever it sent.
  const auto told = connection::render_error(7, parsed.error(), "");
  ROOST_FUZZ_CHECK(is_presentable(told));
}

} // namespace roost::fuzz
