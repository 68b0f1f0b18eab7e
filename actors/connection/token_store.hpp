#pragma once

#include "actors/connection/request_gate.hpp"
#include "actors/connection/token_set.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "actors/runtime/result.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace roost::connection {

/// The tokens of this node, kept in DATA/tokens.json (0600). Changes are on the disk before they
/// are answered. When a token was last used is written with the next change and at `save_usage`: it
/// is not worth a disk write per request. Thread-safe; changes block for one fsync.
class token_store final : public token_lookup {
public:
  /// Loads the tokens; a file that cannot be read or understood is an error, never an empty set.
  /// @param data_dir exists, is ours alone and locked (data_dir).
  static result<std::unique_ptr<token_store>> open(std::string data_dir, const clock& time,
                                                   random_source& random);

  result<new_token> create(const token_request& wanted);
  /// Oldest first, expired ones included.
  [[nodiscard]] std::vector<token> list() const;
  /// request_error::not_found when there is no such token.
  result<void> revoke(std::string_view id);

  /// The text of the login token that the printed URL holds. It lives in DATA/login-token (0600):
  /// who can read that file could use the Unix socket as well, so keeping it gives nothing away,
  /// and the URL of yesterday still works. Makes a new one (admin, no expiry) when there is none,
  /// or when the one in the file was revoked.
  result<std::string> login_token();

  /// Writes the times of last use. At shutdown; a failure is logged.
  void save_usage();

  std::optional<principal> by_text(std::string_view text, wall_time now) override;
  std::optional<principal> by_id(std::string_view id, wall_time now) override;

private:
  token_store(std::string data_dir, const clock& time, random_source& random, token_set loaded);

  [[nodiscard]] result<void> save(const token_set& changed) const;

  const std::string data_dir_;
  const clock& clock_;
  random_source& random_;
  const log::logger log_{log::context{"tokens", 0, {}, {}}};
  mutable std::mutex mutex_;
  token_set tokens_;
};

} // namespace roost::connection
