#include "actors/connection/client_address.hpp"
#include "actors/connection/proxy_header.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <string>
#include <utility>
#include <vector>

namespace roost::fuzz {

namespace {

using outcome = connection::proxy_header::outcome;

void header(std::string_view data) {
  const auto whole = connection::read_proxy_header(data);
  ROOST_FUZZ_CHECK(whole.why.empty() == (whole.is != outcome::bad));
  ROOST_FUZZ_CHECK(whole.is != outcome::need_more || data.size() < connection::max_proxy_header);
  if (whole.is != outcome::done)
    return;
  ROOST_FUZZ_CHECK(whole.size <= data.size() && whole.size <= connection::max_proxy_header);
  if (whole.source) {
    const auto address = parse_address(*whole.source);
    ROOST_FUZZ_CHECK(address);
    ROOST_FUZZ_CHECK(connection::client_key(*whole.source) ==
                     connection::client_key(to_string(*address)));
  }
  // However the bytes are cut on their way, the header ends at the same place and says the same.
  for (std::size_t length = 0; length < whole.size; ++length)
    ROOST_FUZZ_CHECK(connection::read_proxy_header(data.substr(0, length)).is ==
                     outcome::need_more);
  const auto alone = connection::read_proxy_header(data.substr(0, whole.size));
  ROOST_FUZZ_CHECK(alone.is == outcome::done && alone.source == whole.source);
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void forwarded_for(std::string_view data) {
  static const auto proxies =
      connection::trusted_proxies::make({"10.0.0.0/8", "fd00::/8", "::1"}).value();
  const auto peer = take_line(data);
  std::vector<std::pair<std::string, std::string>> headers;
  std::string joined;
  while (!data.empty()) {
    headers.emplace_back("x-forwarded-for", take_line(data));
    joined += (joined.empty() ? "" : ", ") + headers.back().second;
  }
  const auto client = proxies.client_of(peer, headers);
  if (!proxies.trusts(peer)) {
    ROOST_FUZZ_CHECK(client == peer);
    return;
  }
  ROOST_FUZZ_CHECK(client == proxies.client_of(peer, {{"x-forwarded-for", joined}}));
  if (client == peer)
    return;
  const auto address = parse_address(client);
  ROOST_FUZZ_CHECK(address && to_string(*address) == client);
  // Left of a client stands what it says itself.
  headers.insert(headers.begin(), {"x-forwarded-for", "192.0.2.66"});
  if (!proxies.trusts(client))
    ROOST_FUZZ_CHECK(client == proxies.client_of(peer, headers));
}

void block(std::string_view data) {
  const auto parsed = address_block::parse(data);
  if (parsed)
    ROOST_FUZZ_CHECK(parsed->contains(*parse_address(data.substr(0, data.find('/')))));
  else
    ROOST_FUZZ_CHECK(is_presentable(parsed.error()));
  const auto proxies = connection::trusted_proxies::make({std::string(data)});
  ROOST_FUZZ_CHECK(proxies.has_value() == parsed.has_value());
  ROOST_FUZZ_CHECK(proxies || is_presentable(proxies.error().detail));
}

} // namespace

void proxy_header(std::string_view data) {
  if (data.empty())
    return;
  const auto which = static_cast<unsigned char>(data.front()) % 3;
  data.remove_prefix(1);
  if (which == 0)
    header(data);
  else if (which == 1)
    forwarded_for(data);
  else
    block(data);
}

} // namespace roost::fuzz
