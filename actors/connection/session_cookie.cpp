#include "actors/connection/session_cookie.hpp"

#include "actors/connection/encoding.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>

namespace roost::connection {

namespace {

constexpr std::string_view version = "v1";
constexpr std::size_t max_value = 256; // ours has about 100 bytes

std::int64_t to_seconds(wall_time when) {
  return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

std::optional<wall_time> read_time(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 ||
      seconds > 253402300799) // the year 9999
    return std::nullopt;
  return wall_time(std::chrono::seconds(seconds));
}

/// Takes the part before the next dot off `rest`.
std::string_view next_part(std::string_view& rest) {
  const auto end = rest.find('.');
  const auto part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

} // namespace

session_cookie::session_cookie(key secret, std::uint16_t port, cookie_channel channel)
    : secret_(secret),
      name_(fmt::format("{}roost_session_{}", channel == cookie_channel::encrypted ? "__Host-" : "",
                        port)),
      channel_(channel) {}

std::string session_cookie::sign(std::string_view text) const {
  const auto bound = name_ + "=" + std::string(text);
  std::array<std::byte, 32> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(bound.data()), bound.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  return to_base64url(mac);
}

std::string session_cookie::attributes() const {
  return channel_ == cookie_channel::encrypted ? "; Path=/; HttpOnly; SameSite=Strict; Secure"
                                               : "; Path=/; HttpOnly; SameSite=Strict";
}

std::string session_cookie::set_cookie(const login_claim& claim) const {
  const auto text = fmt::format("{}.{}.{}.{}", version, claim.token_id, to_seconds(claim.issued_at),
                                to_seconds(claim.expires_at));
  const auto age =
      std::max<std::int64_t>(0, to_seconds(claim.expires_at) - to_seconds(claim.issued_at));
  return fmt::format("{}={}.{}; Max-Age={}{}", name_, text, sign(text), age, attributes());
}

std::string session_cookie::clear_cookie() const {
  return fmt::format("{}=; Max-Age=0{}", name_, attributes());
}

std::optional<login_claim> session_cookie::read(std::string_view cookie_header,
                                                wall_time now) const {
  while (!cookie_header.empty()) {
    const auto end = cookie_header.find(';');
    const auto pair = trim(cookie_header.substr(0, end));
    cookie_header =
        end == std::string_view::npos ? std::string_view{} : cookie_header.substr(end + 1);
    if (pair.size() > name_.size() && pair[name_.size()] == '=' && pair.starts_with(name_))
      if (auto claim = verify(pair.substr(name_.size() + 1), now))
        return claim;
  }
  return std::nullopt;
}

std::optional<login_claim> session_cookie::verify(std::string_view value, wall_time now) const {
  const auto mac_at = value.rfind('.');
  if (value.size() > max_value || mac_at == std::string_view::npos)
    return std::nullopt;
  auto text = value.substr(0, mac_at);
  const auto given = value.substr(mac_at + 1);
  const auto wanted = sign(text);
  if (given.size() != wanted.size() ||
      CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) != 0)
    return std::nullopt;

  if (next_part(text) != version)
    return std::nullopt;
  login_claim claim;
  claim.token_id = next_part(text);
  const auto issued = read_time(next_part(text));
  const auto expires = read_time(next_part(text));
  if (!issued || !expires || !text.empty() || *expires <= now)
    return std::nullopt;
  claim.issued_at = *issued;
  claim.expires_at = *expires;
  return claim;
}

} // namespace roost::connection
