#pragma once

#include "actors/connection/request_gate.hpp"
#include "actors/connection/token_ledger.hpp"
#include "actors/connection/token_set.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "actors/runtime/result.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace roost::connection {

/// The tokens of this node, kept in DATA/tokens.json (0600), and those that other nodes share with
/// it, in DATA/shared-tokens.json, so that they hold while the database is away. Changes are on the
/// disk before they are answered. When a token was last used is written with the next change and at
/// `save_usage`: it is not worth a disk write per request. Thread-safe; changes block for one
/// fsync.
class token_store final : public token_lookup {
public:
  /// Loads the tokens; a file that cannot be read or understood is an error, never an empty set.
  /// @param data_dir exists, is ours alone and locked (data_dir).
  static result<std::unique_ptr<token_store>> open(std::string data_dir, const clock& time,
                                                   random_source& random);

  /// Who is told of each token that is made or taken away, once that is on the disk. Called on the
  /// changing thread, under a lock: it does not block and does not call back. Before other threads.
  using listener = std::function<void(const token&, std::optional<wall_time> revoked_at)>;
  void tell(listener who) { tell_ = std::move(who); }

  result<new_token> create(const token_request& wanted);
  /// This node's and then those of others; oldest first, expired ones included.
  [[nodiscard]] std::vector<token> list() const;
  /// This node's.
  [[nodiscard]] std::vector<token> own() const;
  /// request_error::not_found when there is no such token.
  result<void> revoke(std::string_view id);
  /// Takes over what all nodes say: others' tokens hold here, and what any of them took away holds
  /// no more.
  result<void> share(shared_tokens all);
  /// Loads the others' tokens as of the last `share`; without it there are none.
  result<void> load_shared();

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
  [[nodiscard]] result<void> save_shared(const token_set& changed) const;

  const std::string data_dir_;
  const clock& clock_;
  random_source& random_;
  const log::logger log_{log::context{"tokens", 0, {}, {}}};
  mutable std::mutex mutex_;
  token_set tokens_;
  token_set shared_;
  listener tell_ = [](const token&, std::optional<wall_time>) {};
};

} // namespace roost::connection
