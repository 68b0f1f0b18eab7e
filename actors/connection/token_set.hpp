#pragma once

#include "actors/connection/principal.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/random.hpp"
#include "actors/runtime/result.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::connection {

/// How a role is written in JSON and on the command line: viewer, operator, admin.
std::string_view to_string(role which);
std::optional<role> parse_role(std::string_view name);

using token_hash = std::array<std::byte, 32>;

/// SHA-256 of the token's text: all that the server keeps of it.
token_hash hash_token(std::string_view text);

/// One credential, without the secret itself.
struct token {
  std::string id; ///< 12 hex digits; for people, logs and revoking; not secret
  token_hash hash{};
  role may = role::viewer;
  std::string label;
  std::optional<session_id> only; ///< limits it to one session
  std::string run_as; ///< the system user of all its new sessions; empty: as the server chooses
  wall_time created_at;
  std::optional<wall_time> expires_at; ///< not valid from this moment on
  std::optional<wall_time> used_at;
  std::string node = {}; ///< uuid of the other node that made it; empty: this one

  [[nodiscard]] bool is_expired(wall_time now) const { return expires_at && *expires_at <= now; }
  friend bool operator==(const token&, const token&) = default;
};

/// What a new token shall be.
struct token_request {
  role may = role::operate;
  std::string label; ///< at most 100 bytes of printable UTF-8
  std::optional<session_id> only;
  std::optional<wall_time> expires_at;
  std::string run_as = {}; ///< as in `token`
};

/// A token that was just made; the only moment at which its text exists.
struct new_token {
  std::string text; ///< `roost_` and 43 characters of base64url: 256 random bits
  token row;
};

/// All the credentials of a node. A pure model: time and randomness come in. Not thread-safe.
class token_set {
public:
  static constexpr std::size_t max_tokens = 1000;

  /// Makes a token. Refuses a bad label, an expiry in the past, an admin token limited to a session
  /// or a user, and a full set.
  result<new_token> create(const token_request& wanted, wall_time now, random_source& random);

  /// The token with this text, if it is known and has not expired. Compares the hashes of all
  /// tokens in constant time, so that its duration tells nothing. Marks the token as used.
  const token* check(std::string_view text, wall_time now);

  /// The token with this id, if it is known and has not expired. Marks it as used.
  const token* find(std::string_view id, wall_time now);

  /// Takes these in place of all others; the first `max_tokens`. Those that stay keep when they
  /// were used last. @returns whether anything else has changed.
  bool replace(std::vector<token> rows);

  /// Removes a token; false when there is none with this id.
  bool revoke(std::string_view id);

  /// Oldest first, expired ones included.
  [[nodiscard]] const std::vector<token>& all() const { return tokens_; }

  /// The text that `from_json` reads.
  [[nodiscard]] std::string to_json() const;

  /// Reads a file's text back. Strict: an unknown field, a double id or a bad value is
  /// setup_error::data_dir_unusable with the place, never a smaller set.
  static result<token_set> from_json(std::string_view text);

private:
  std::vector<token> tokens_;
};

/// Who a token stands for.
principal principal_of(const token& row);

} // namespace roost::connection
