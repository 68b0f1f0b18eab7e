#include "actors/connection/token_set.hpp"

#include "actors/connection/encoding.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace roost::connection {

namespace {

constexpr std::string_view token_prefix = "roost_";
constexpr std::size_t max_label = 100;

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

} // namespace

std::string_view to_string(role which) {
  switch (which) {
  case role::viewer:
    return "viewer";
  case role::operate:
    return "operator";
  case role::admin:
    return "admin";
  }
  return "viewer";
}

std::optional<role> parse_role(std::string_view name) {
  for (const auto candidate : {role::viewer, role::operate, role::admin})
    if (to_string(candidate) == name)
      return candidate;
  return std::nullopt;
}

token_hash hash_token(std::string_view text) {
  token_hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

result<new_token> token_set::create(const token_request& wanted, wall_time now,
                                    random_source& random) {
  if (wanted.label.size() > max_label || !is_printable(wanted.label))
    return failure(request_error::bad_value,
                   "label: at most 100 bytes, without control characters");
  if (wanted.expires_at && *wanted.expires_at <= now)
    return failure(request_error::bad_value, "expires_at: is in the past");
  if (wanted.only && wanted.may == role::admin)
    return failure(request_error::bad_value,
                   "session: a token for one session cannot have the role admin");
  if (!wanted.run_as.empty() && wanted.may == role::admin)
    return failure(request_error::bad_value,
                   "run_as: an admin chooses for each session, so such a token has no user");
  if (tokens_.size() >= max_tokens)
    return failure(request_error::at_capacity, "1000 tokens exist; revoke some first");

  std::array<std::byte, 32> secret;
  random.fill(secret);
  std::array<std::byte, 6> id;
  do {
    random.fill(id);
  } while (std::any_of(tokens_.begin(), tokens_.end(),
                       [&](const token& row) { return row.id == to_hex(id); }));

  new_token made;
  made.text = std::string(token_prefix) + to_base64url(secret);
  made.row.id = to_hex(id);
  made.row.hash = hash_token(made.text);
  made.row.may = wanted.may;
  made.row.label = wanted.label;
  made.row.only = wanted.only;
  made.row.run_as = wanted.run_as;
  made.row.created_at = now;
  made.row.expires_at = wanted.expires_at;
  tokens_.push_back(made.row);
  return made;
}

const token* token_set::check(std::string_view text, wall_time now) {
  const auto hash = hash_token(text);
  token* found = nullptr;
  for (auto& row : tokens_)
    if (CRYPTO_memcmp(row.hash.data(), hash.data(), hash.size()) == 0)
      found = &row;
  if (found == nullptr || found->is_expired(now))
    return nullptr;
  found->used_at = now;
  return found;
}

const token* token_set::find(std::string_view id, wall_time now) {
  const auto at =
      std::find_if(tokens_.begin(), tokens_.end(), [&](const token& row) { return row.id == id; });
  if (at == tokens_.end() || at->is_expired(now))
    return nullptr;
  at->used_at = now;
  return &*at;
}

bool token_set::replace(std::vector<token> rows) {
  if (rows.size() > max_tokens)
    rows.resize(max_tokens);
  for (auto& row : rows) {
    const auto at = std::find_if(tokens_.begin(), tokens_.end(),
                                 [&](const token& before) { return before.id == row.id; });
    if (at != tokens_.end())
      row.used_at = at->used_at;
  }
  const bool is_news = rows != tokens_;
  tokens_ = std::move(rows);
  return is_news;
}

bool token_set::revoke(std::string_view id) {
  return std::erase_if(tokens_, [&](const token& row) { return row.id == id; }) > 0;
}

principal principal_of(const token& row) {
  principal who;
  who.token_id = row.id;
  who.label = row.label;
  who.may = row.may;
  who.only = row.only;
  who.run_as = row.run_as;
  return who;
}

} // namespace roost::connection
